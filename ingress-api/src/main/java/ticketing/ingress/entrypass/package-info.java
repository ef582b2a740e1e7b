/// Signed entry passes of confirmed reservations, which staff verifies without a connection.
package ticketing.ingress.entrypass;
