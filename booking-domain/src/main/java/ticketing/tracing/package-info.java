/// Propagation of trace contexts between the processes.
package ticketing.tracing;
