/// The system under test with two processes of each kind, and the faults that tests inject into it.
package ticketing.systemtest.fleet;
