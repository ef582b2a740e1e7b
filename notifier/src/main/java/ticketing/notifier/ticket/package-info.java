/// Ticket subscriptions: `/ws/tickets` and `/ws/tickets/{ticketId}`.
package ticketing.notifier.ticket;
