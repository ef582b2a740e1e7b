/// Access tokens and their revocation.
package ticketing.security;
