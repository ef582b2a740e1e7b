/// Availability of the database and classification of its errors, for the processes that use it.
package ticketing.database;
