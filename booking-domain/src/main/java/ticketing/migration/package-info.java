/// Migration of the database schema: at the start of a process, or as a task that ends.
package ticketing.migration;
