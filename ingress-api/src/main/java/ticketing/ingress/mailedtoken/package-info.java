/// One-time tokens that are sent by mail: issue, use, expiry and revocation.
package ticketing.ingress.mailedtoken;
