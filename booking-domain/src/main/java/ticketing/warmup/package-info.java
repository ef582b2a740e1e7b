/// Warm-up of a process: synthetic work on its hot paths before it reports ready.
package ticketing.warmup;
