/// Constraints and normal form of text in request bodies.
package ticketing.ingress.text;
