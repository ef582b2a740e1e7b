/// Checks of the guarantees against the recorded responses and the tables.
package ticketing.systemtest.oracle;
