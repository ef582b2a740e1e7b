/// Cache of events and reservations in Redis, with its metrics.
package ticketing.ingress.cache;
