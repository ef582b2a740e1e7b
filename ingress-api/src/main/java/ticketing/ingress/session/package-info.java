/// Sessions with a refresh token: rotation, detection of reuse, revocation and retention.
package ticketing.ingress.session;
