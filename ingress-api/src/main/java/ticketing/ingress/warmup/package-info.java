/// Warm-up of the ingress API: requests of this process to itself, and acceptances for a stub of
/// the queue.
package ticketing.ingress.warmup;
