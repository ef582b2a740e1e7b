/// Public reads of seat maps and of the seats on sale.
package ticketing.ingress.seat;
