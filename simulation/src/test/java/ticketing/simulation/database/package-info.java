/// Simulated MySQL-compatible database that executes the SQL of the production code: row locks,
/// READ COMMITTED, constraints, and a JDBC driver for each process.
package ticketing.simulation.database;
