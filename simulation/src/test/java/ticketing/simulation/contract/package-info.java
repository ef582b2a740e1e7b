/// Contract of the simulated servers: the same operations have the same results on real servers.
package ticketing.simulation.contract;
