package ticketing.ingress.ticket;

import java.util.Collection;
import java.util.List;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// The rows of `tickets`. Read outside of a read-only transaction, hence always from the primary.
public interface TicketRepository extends Repository<TicketEntity, String> {

  @Query("select t from TicketEntity t where t.id in :ids")
  List<TicketEntity> find(Collection<String> ids);
}
