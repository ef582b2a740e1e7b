/// Entry point of ingress-api, which accepts commands into the queue and answers reads. The process
/// never decides a booking and never writes the seats of an existing event or a reservation. It
/// locks an event's row only to revoke a command in doubt.
package ticketing.ingress;
