/// Events: catalogue for buyers, and creation and changes by administrators.
package ticketing.ingress.event;
