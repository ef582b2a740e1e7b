/// Tickets of a user: reads of decisions and long polls that end with a decision.
package ticketing.ingress.ticket;
