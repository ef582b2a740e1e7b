/// Sales of one event for staff: figures, the course of the sale, and the list of reservations.
package ticketing.ingress.sales;
