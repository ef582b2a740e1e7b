/// Java client of the booking API: sign-in, commands with retries, polls and ticket WebSockets.
/// Needs only the JDK and Jackson.
package ticketing.client;
