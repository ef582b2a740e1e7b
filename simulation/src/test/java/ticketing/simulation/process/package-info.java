/// Simulated processes: the production classes of a worker and of an ingress process, connected to
/// the simulated servers.
package ticketing.simulation.process;
