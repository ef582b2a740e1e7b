/// The demo behind `mvn -Pdemo`: sells events to many concurrent buyers and checks the results
/// against the database.
package ticketing.local.demo;
