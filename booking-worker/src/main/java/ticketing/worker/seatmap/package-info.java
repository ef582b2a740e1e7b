/// SQL of seat maps and numbered seats, with a cache of the maps.
package ticketing.worker.seatmap;
