/// WebSocket server that pushes ticket states and the availability of events.
///
/// The process makes no decision and uses neither the queue nor the database. It reads the status
/// store in Redis, and calls ingress-api for entries that Redis does not contain.
///
/// Delivery is at least once: each subscription is registered, then read, then read again by a
/// periodic sweep until it has ended. A frame may be repeated; the final frame is always sent.
package ticketing.notifier;
