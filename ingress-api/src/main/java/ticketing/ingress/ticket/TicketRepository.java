package ticketing.ingress.ticket;

import java.util.Collection;
import java.util.List;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Reads of the ledger. They run outside of a read-only transaction, hence on the primary.
public interface TicketRepository extends Repository<TicketEntity, String> {

  @Query("select t from TicketEntity t where t.id in :ids")
  List<TicketEntity> find(Collection<String> ids);

  /// Returns the ids among these whose rows the retention removed, as 16 bytes each.
  @Query(value = "SELECT id FROM removed_tickets WHERE id IN (:ids)", nativeQuery = true)
  List<byte[]> findRemoved(Collection<byte[]> ids);
}
