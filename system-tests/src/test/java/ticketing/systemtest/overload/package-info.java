/// Overload and fairness between events (`mvn -Poverload`, `mvn -Pfairness`).
package ticketing.systemtest.overload;
