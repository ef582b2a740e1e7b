/// Fault injection under load (`mvn -Pchaos`).
package ticketing.systemtest.chaos;
