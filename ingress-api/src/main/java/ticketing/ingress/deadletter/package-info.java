/// Dead letters for operators: list, redrive, discard.
package ticketing.ingress.deadletter;
