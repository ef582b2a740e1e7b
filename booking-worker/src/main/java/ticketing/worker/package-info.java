/// Decides. Commands come from the queue, are gathered by event and decided in groups: one lock,
/// one transaction, one announcement for as many as are waiting.
package ticketing.worker;
