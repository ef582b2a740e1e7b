/// Class loader that connects the production code to the simulation, and the search for failing
/// seeds. Both sides of the class loader share the types of this package.
package ticketing.simulation.loader;
