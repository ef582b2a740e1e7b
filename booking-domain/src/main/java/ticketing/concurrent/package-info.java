/// Batching of similar calls, limits of concurrent ones, and bounded pools of virtual threads.
package ticketing.concurrent;
