/// Deterministic simulation of the booking flow under faults.
package ticketing.simulation;
