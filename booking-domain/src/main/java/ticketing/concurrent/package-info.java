/// Batching of similar calls, and bounded pools of virtual threads.
package ticketing.concurrent;
