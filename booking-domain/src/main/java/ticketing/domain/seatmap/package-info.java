/// Numbered seats of an event: the seat map, its bitmap, and the choice of the best available
/// seats.
package ticketing.domain.seatmap;
