/// HTTP of the API: strict parsing, conditional requests, CORS, limits of requests and pages of
/// lists.
package ticketing.ingress.http;
