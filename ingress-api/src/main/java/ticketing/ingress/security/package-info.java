/// Authorization rules of the HTTP API and the authenticated user that handlers receive.
package ticketing.ingress.security;
