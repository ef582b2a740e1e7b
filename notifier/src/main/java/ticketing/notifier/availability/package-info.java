/// Availability feed of events: `/ws/events/{eventId}` and `/ws/events`.
package ticketing.notifier.availability;
