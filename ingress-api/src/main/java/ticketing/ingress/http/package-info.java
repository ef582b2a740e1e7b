/// HTTP server and its representation formats: request limits, security headers, static pages,
/// strict JSON, instants and pages of a list. Independent of every feature.
package ticketing.ingress.http;
