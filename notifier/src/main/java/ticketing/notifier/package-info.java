/// Pushes what others have decided to the WebSockets that wait for it. It decides nothing, and
/// knows no queue and no database: the board in Redis tells it, and ingress-api where the board
/// cannot.
///
/// A frame may be repeated but the last one is never missing, because every subscription is first
/// registered and then read, and read again by the sweep until it has ended.
package ticketing.notifier;
