/// Information of events that only their pages need: description, limits, rules and poster.
package ticketing.ingress.information;
