package ticketing.ingress.information;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Information of events.
interface EventInformationRepository extends Repository<EventInformationEntity, Long> {

  @Query("select i from EventInformation i where i.eventId = :eventId")
  Optional<EventInformationEntity> find(long eventId);

  /// Without the texts.
  @Query(
      """
      select i.eventId as eventId, i.runningMinutes as runningMinutes,
        i.minimumAge as minimumAge, i.posterRevision as posterRevision
      from EventInformation i where i.eventId in :eventIds\
      """)
  List<EventInformationEntity.Short> findShort(Collection<Long> eventIds);

  @Query("select i.posterRevision from EventInformation i where i.eventId = :eventId")
  Optional<String> findPosterRevision(long eventId);

  EventInformationEntity saveAndFlush(EventInformationEntity row);
}
