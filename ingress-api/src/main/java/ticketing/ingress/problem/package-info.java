/// Error responses: problem details (RFC 9457) with stable codes.
package ticketing.ingress.problem;
