package ticketing.ingress.seatmap;

import org.springframework.data.repository.Repository;

/// Seat maps of undecided changes.
interface SeatMapChangeRepository extends Repository<SeatMapChangeEntity, String> {

  SeatMapChangeEntity save(SeatMapChangeEntity change);
}
