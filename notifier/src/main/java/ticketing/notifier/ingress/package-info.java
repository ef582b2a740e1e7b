/// HTTP client of ingress-api, for entries that Redis does not contain.
package ticketing.notifier.ingress;
