/// Audit log of administrative actions.
package ticketing.ingress.audit;
