/// `/ws/events/{eventId}/seats`: the numbered seats on sale of an event.
package ticketing.notifier.seat;
