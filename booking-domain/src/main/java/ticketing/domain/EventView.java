package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Event for clients, and the JSON value of the Redis key `event:{eventId}`.
///
/// @param saleOpensAt null: no start of the sale
/// @param saleClosesAt null: the sale closes when the show begins
/// @param maxSeatsPerUser null: no limit
/// @param holdMinutes duration of a hold in minutes; null: bookings are confirmed immediately
/// @param timeZone IANA name of the time zone of the venue
/// @param revision number of the last edit by an administrator, from 1; bookings do not change it.
///   0: unknown (an older version cached the event)
/// @param seatMapRevision number of the seat map, from 1; null: the event has no numbered seats
/// @param waitingList true if parties can wait for seats. Null: false (an older version cached the
///   event)
/// @param offerMinutes duration of an offer to a waiting party in minutes; null without a waiting
///   list
/// @param version increases with every change of the row
@JsonInclude(JsonInclude.Include.ALWAYS)
public record EventView(
    long eventId,
    String eventName,
    Instant eventDate,
    @Nullable String venueName,
    @Nullable String venueAddress,
    EventStatus status,
    int totalSeats,
    int availableSeats,
    @Nullable Instant saleOpensAt,
    @Nullable Instant saleClosesAt,
    @Nullable Integer maxSeatsPerUser,
    @Nullable Integer holdMinutes,
    String timeZone,
    Long revision,
    @Nullable @JsonInclude(JsonInclude.Include.NON_NULL) Integer seatMapRevision,
    Boolean waitingList,
    @Nullable Integer offerMinutes,
    List<SeatTypeView> seatTypes,
    long version) {

  /// Time zone of an event without a given one.
  public static final String DEFAULT_TIME_ZONE = "Asia/Seoul";

  public EventView {
    Objects.requireNonNull(eventName, "eventName");
    Objects.requireNonNull(eventDate, "eventDate");
    Objects.requireNonNull(status, "status");
    // An older process caches no time zone, no revision and no waiting list.
    timeZone = timeZone == null ? DEFAULT_TIME_ZONE : timeZone;
    revision = revision == null ? 0 : revision;
    waitingList = waitingList != null && waitingList;
    seatTypes = List.copyOf(seatTypes);
  }

  /// @param price of one seat
  public record SeatTypeView(String seatType, Money price, int totalSeats, int availableSeats) {
    public SeatTypeView {
      Objects.requireNonNull(seatType, "seatType");
      Objects.requireNonNull(price, "price");
    }
  }

  /// Returns a builder of an active event without limits, with revision 1 and version 1.
  public static Builder builder(long eventId, String eventName, Instant eventDate) {
    return new Builder(eventId, eventName, eventDate);
  }

  /// Returns a builder with the values of this event.
  public Builder toBuilder() {
    return new Builder(eventId, eventName, eventDate)
        .venue(venueName, venueAddress)
        .status(status)
        .sale(saleOpensAt, saleClosesAt)
        .maxSeatsPerUser(maxSeatsPerUser)
        .holdMinutes(holdMinutes)
        .timeZone(timeZone)
        .revision(revision)
        .seatMapRevision(seatMapRevision)
        .waitingList(waitingList, offerMinutes)
        .seatTypes(seatTypes)
        .version(version);
  }

  /// Returns the time from which no booking is accepted: the close of the sale, at the latest the
  /// begin of the show.
  public Instant endOfSale() {
    return saleClosesAt != null && saleClosesAt.isBefore(eventDate) ? saleClosesAt : eventDate;
  }

  public Optional<SeatTypeView> seatType(String name) {
    return seatTypes.stream().filter(type -> type.seatType().equals(name)).findFirst();
  }

  /// Returns the content of a frame of the availability feed.
  public Availability availability() {
    return new Availability(eventId, availableSeats, seatTypes);
  }

  public record Availability(long eventId, int availableSeats, List<SeatTypeView> seatTypes) {}

  /// Builder of an event. The totals of the event are the sums of its seat types.
  public static final class Builder {
    private final long eventId;
    private final String eventName;
    private final Instant eventDate;
    private String venueName;
    private String venueAddress;
    private EventStatus status = EventStatus.ACTIVE;
    private Instant saleOpensAt;
    private Instant saleClosesAt;
    private Integer maxSeatsPerUser;
    private Integer holdMinutes;
    private String timeZone = DEFAULT_TIME_ZONE;
    private long revision = 1;
    private Integer seatMapRevision;
    private boolean waitingList;
    private Integer offerMinutes;
    private List<SeatTypeView> seatTypes = List.of();
    private long version = 1;

    private Builder(long eventId, String eventName, Instant eventDate) {
      this.eventId = eventId;
      this.eventName = eventName;
      this.eventDate = eventDate;
    }

    public Builder venue(@Nullable String name, @Nullable String address) {
      this.venueName = name;
      this.venueAddress = address;
      return this;
    }

    public Builder status(EventStatus status) {
      this.status = status;
      return this;
    }

    public Builder sale(@Nullable Instant opensAt, @Nullable Instant closesAt) {
      this.saleOpensAt = opensAt;
      this.saleClosesAt = closesAt;
      return this;
    }

    public Builder maxSeatsPerUser(@Nullable Integer seats) {
      this.maxSeatsPerUser = seats;
      return this;
    }

    public Builder holdMinutes(@Nullable Integer minutes) {
      this.holdMinutes = minutes;
      return this;
    }

    /// @param name IANA name of the time zone of the venue
    public Builder timeZone(String name) {
      this.timeZone = name;
      return this;
    }

    public Builder revision(long revision) {
      this.revision = revision;
      return this;
    }

    public Builder seatMapRevision(@Nullable Integer revision) {
      this.seatMapRevision = revision;
      return this;
    }

    /// @param offerMinutes null: no offers
    public Builder waitingList(boolean enabled, @Nullable Integer offerMinutes) {
      this.waitingList = enabled;
      this.offerMinutes = offerMinutes;
      return this;
    }

    public Builder seatTypes(List<SeatTypeView> seatTypes) {
      this.seatTypes = seatTypes;
      return this;
    }

    public Builder version(long version) {
      this.version = version;
      return this;
    }

    public EventView build() {
      return new EventView(
          eventId,
          eventName,
          eventDate,
          venueName,
          venueAddress,
          status,
          seatTypes.stream().mapToInt(SeatTypeView::totalSeats).sum(),
          seatTypes.stream().mapToInt(SeatTypeView::availableSeats).sum(),
          saleOpensAt,
          saleClosesAt,
          maxSeatsPerUser,
          holdMinutes,
          timeZone,
          revision,
          seatMapRevision,
          waitingList,
          offerMinutes,
          seatTypes,
          version);
    }
  }
}
