package ticketing.ingress.information;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import org.jspecify.annotations.Nullable;

/// Row of `event_information`. Each change of it raises the revision of the event in the same
/// transaction, which holds the lock of the event.
@Entity(name = "EventInformation")
@Table(name = "event_information")
class EventInformationEntity {

  @Id private long eventId;

  @Column(columnDefinition = "TEXT")
  private String description;

  private Integer runningMinutes;
  private Integer minimumAge;
  private String refundRule;
  private String posterRevision;

  protected EventInformationEntity() {}

  EventInformationEntity(long eventId, EventInformation information) {
    this.eventId = eventId;
    this.description = information.description();
    this.runningMinutes = information.runningMinutes();
    this.minimumAge = information.minimumAge();
    this.refundRule = information.refundRule();
    this.posterRevision = information.posterRevision();
  }

  EventInformation information() {
    return new EventInformation(
        description, runningMinutes, minimumAge, refundRule, posterRevision);
  }

  /// Information in a list of events.
  record Short(
      long eventId,
      @Nullable Integer runningMinutes,
      @Nullable Integer minimumAge,
      @Nullable String posterRevision) {}
}
