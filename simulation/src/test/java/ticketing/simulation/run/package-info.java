/// One run of a seed: its plan of requests and faults, its clients, and the oracle.
package ticketing.simulation.run;
