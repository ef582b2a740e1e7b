/// Accepts commands into the queue and answers reads. Never decides a booking, never writes the
/// seats of an existing event or a reservation. Takes one lock, that of an event's row, to withdraw
/// a command of which the queue has not said whether it has it.
package ticketing.ingress;
