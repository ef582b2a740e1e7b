/// Data sources of the primary and the replica, their probe, and the highest id of a table.
package ticketing.ingress.database;
