/// Conversions between Java values and SQL columns.
package ticketing.worker.jdbc;
