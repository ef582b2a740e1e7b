/// Simulated time, threads and processes of one seed, on one thread of the machine.
package ticketing.simulation.kernel;
