/// Outgoing mail: a bounded queue and the transports SMTP, Amazon SES and log.
package ticketing.ingress.mail;
