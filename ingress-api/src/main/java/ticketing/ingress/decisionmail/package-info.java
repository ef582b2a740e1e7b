/// Mails about decisions and changed events, from the committed rows.
package ticketing.ingress.decisionmail;
