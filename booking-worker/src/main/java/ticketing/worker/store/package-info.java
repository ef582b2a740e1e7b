/// SQL statements and transactions of a decision, one class for each table.
package ticketing.worker.store;
