/// Availability feed of an event: `/ws/events/{eventId}`.
package ticketing.notifier.availability;
