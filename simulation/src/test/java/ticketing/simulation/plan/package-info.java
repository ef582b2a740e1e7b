/// Plans of the simulation: the requests and the faults of each seed.
package ticketing.simulation.plan;
