/// Batching of similar calls, limits of concurrent ones, bounded pools of virtual threads, and the
/// clock of waits.
package ticketing.concurrent;
