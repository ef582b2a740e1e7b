/// Open WebSocket connections: registry, limits, pings, send queues, error frames and close
/// reasons.
package ticketing.notifier.connection;
