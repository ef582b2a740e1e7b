/// Seat maps and seat bitmaps of events: their rows, their caches, and the validation of a changed
/// map.
package ticketing.ingress.seatmap;
