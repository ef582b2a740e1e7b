package ticketing.ingress;

import java.util.Collection;
import java.util.List;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// The rows of `tickets`. Read outside of a read-only transaction, hence always from the primary.
interface TicketRows extends Repository<TicketRow, String> {

  @Query("select t from TicketRow t where t.id in :ids")
  List<TicketRow> find(Collection<String> ids);
}
