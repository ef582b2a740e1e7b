/// Benchmark of many open WebSockets: memory of an idle connection, and time from a decision to its
/// frame.
package ticketing.benchmark.socket;
