package ticketing.ingress.event;

import com.fasterxml.jackson.annotation.JsonInclude;
import jakarta.persistence.CollectionTable;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Embeddable;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Money;

/// Row of `events` with its `seat_types`. This process inserts it; only workers change its seats.
@Entity
@Table(name = "events")
public class EventEntity {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  private Long id;

  private String eventName;
  private Instant eventDate;
  private String venueName;
  private String venueAddress;

  @Enumerated(EnumType.STRING)
  private EventStatus status;

  private int totalSeats;
  private int availableSeats;
  private Instant saleOpensAt;
  private Instant saleClosesAt;
  private Integer maxSeatsPerUser;
  private Integer holdMinutes;
  private String timeZone;
  private long revision = 1;
  private Integer seatMapRevision;
  private boolean waitingList;
  private Integer offerMinutes;
  private long version;

  /// Number of the last decision or recorded state; null: the event has older decisions without
  /// numbers.
  private Long decisionSequence = 1L;

  /// Time of the last revocation of a command, after which workers read revoked commands.
  private Instant revokedAt;

  @ElementCollection
  @CollectionTable(name = "seat_types", joinColumns = @JoinColumn(name = "event_id"))
  private List<SeatTypeRow> seatTypes = new ArrayList<>();

  /// Order of the workers, so that the order of seat types is stable.
  private static final Comparator<SeatTypeRow> HIGHEST_PRICE_FIRST =
      Comparator.comparing(SeatTypeRow::price).reversed().thenComparing(SeatTypeRow::seatType);

  /// Event of a reservation, as its owner sees it.
  ///
  /// @param timeZone IANA name of the time zone of the venue
  /// @param seatMapRevision revision of the seat map; null without a map
  public record Summary(
      String eventName,
      Instant eventDate,
      @Nullable String venueName,
      @Nullable String venueAddress,
      String timeZone,
      EventStatus status,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer seatMapRevision) {}

  @Embeddable
  record SeatTypeRow(String seatType, BigDecimal price, int totalSeats, int availableSeats) {}

  protected EventEntity() {}

  /// Returns a new event with all seats on sale.
  ///
  /// @param seatMapRevision null: no numbered seats
  static EventEntity of(EventRequest request, @Nullable Integer seatMapRevision) {
    EventEntity row = new EventEntity();
    row.eventName = request.eventName();
    row.eventDate = request.eventDate();
    row.venueName = request.venueName();
    row.venueAddress = request.venueAddress();
    row.status = EventStatus.ACTIVE;
    row.totalSeats = request.totalSeats();
    row.availableSeats = request.totalSeats();
    row.saleOpensAt = request.saleOpensAt();
    row.saleClosesAt = request.saleClosesAt();
    row.maxSeatsPerUser = request.maxSeatsPerUser();
    row.holdMinutes = request.holdMinutes();
    row.timeZone = request.timeZone();
    row.seatMapRevision = seatMapRevision;
    row.waitingList = request.hasWaitingList();
    row.offerMinutes = request.offerMinutes();
    for (EventRequest.SeatType type : request.seatTypes()) {
      row.seatTypes.add(
          new SeatTypeRow(
              type.seatType(), type.price().amount(), type.totalSeats(), type.totalSeats()));
    }
    return row;
  }

  /// Returns the data that identify the event to a buyer.
  public Summary summary() {
    return new Summary(
        eventName, eventDate, venueName, venueAddress, timeZone, status, seatMapRevision);
  }

  public EventView view() {
    return new EventView(
        id,
        eventName,
        eventDate,
        venueName,
        venueAddress,
        status,
        totalSeats,
        availableSeats,
        saleOpensAt,
        saleClosesAt,
        maxSeatsPerUser,
        holdMinutes,
        timeZone,
        revision,
        seatMapRevision,
        waitingList,
        offerMinutes,
        seatTypes.stream()
            .sorted(HIGHEST_PRICE_FIRST)
            .map(type ->
                new EventView.SeatTypeView(
                    type.seatType(),
                    new Money(type.price()),
                    type.totalSeats(),
                    type.availableSeats()))
            .toList(),
        version);
  }

  /// Row of `event_states`: the state of an event after its creation or an edit, as JSON. The audit
  /// of a sale replays decisions between recorded states.
  @Entity(name = "EventState")
  @Table(name = "event_states")
  @IdClass(State.Key.class)
  static class State {

    record Key(long eventId, long sequence) {}

    @Id private long eventId;
    @Id private long sequence;
    private String state;
    private Instant changedAt;

    protected State() {}
  }
}
