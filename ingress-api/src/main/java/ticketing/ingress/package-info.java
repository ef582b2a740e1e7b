/// Accepts commands into the queue and answers reads. Never decides a booking, never takes a lock,
/// never writes the seats of an existing event or a reservation.
package ticketing.ingress;
