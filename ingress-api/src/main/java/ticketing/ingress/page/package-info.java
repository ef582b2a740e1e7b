/// Static pages for buyers and administrators, their configuration and their security headers.
package ticketing.ingress.page;
