/// Notification of the users of a changed event.
package ticketing.ingress.notification;
