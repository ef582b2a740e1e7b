package ticketing.ingress.audit;

import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Repository of table `audit_log`. Rows are never changed.
interface AuditRepository extends Repository<AuditEntity, Long> {

  AuditEntity save(AuditEntity row);

  @Query("select count(a) from AuditEntity a where a.object = :object and a.action = :action")
  long count(String object, AuditAction action);

  /// Finds rows, the newest first.
  ///
  /// @param actor null: all
  /// @param action null: all
  /// @param object null: all
  @Query(
      "select a from AuditEntity a where (:actor is null or a.actor = :actor)"
          + " and (:action is null or a.action = :action)"
          + " and (:object is null or a.object = :object) order by a.id desc")
  Page<AuditEntity> find(
      @Nullable String actor, @Nullable AuditAction action, @Nullable String object, Pageable page);
}
