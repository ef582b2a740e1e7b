package ticketing.ingress.deadletter;

import java.util.List;
import org.springframework.data.repository.Repository;

/// Inserts of recorded redrives.
interface RedriveRepository extends Repository<RedriveEntity, Long> {

  List<RedriveEntity> saveAll(Iterable<RedriveEntity> rows);
}
