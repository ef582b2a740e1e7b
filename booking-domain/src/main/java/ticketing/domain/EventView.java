package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An event as clients see it and as it lies in Redis under `event:{eventId}`.
///
/// @param saleOpensAt null: open since ever
/// @param saleClosesAt null: never closes
/// @param maxSeatsPerUser null: no limit
/// @param holdMinutes null: a booking is confirmed at once; else minutes it is held unconfirmed
/// @param version grows with every change of the row, so that of two copies the newer is known
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
    List<SeatTypeView> seatTypes,
    long version) {

  public EventView {
    seatTypes = List.copyOf(seatTypes);
  }

  /// @param price of one seat
  public record SeatTypeView(String seatType, Money price, int totalSeats, int availableSeats) {}

  public Optional<SeatTypeView> seatType(String name) {
    return seatTypes.stream().filter(type -> type.seatType().equals(name)).findFirst();
  }

  /// What the availability feed shows of it.
  public Availability availability() {
    return new Availability(eventId, availableSeats, seatTypes);
  }

  public record Availability(long eventId, int availableSeats, List<SeatTypeView> seatTypes) {}
}
