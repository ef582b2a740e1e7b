/// Bookings, confirmations and cancellations, and the reservations of a user.
package ticketing.ingress.reservation;
