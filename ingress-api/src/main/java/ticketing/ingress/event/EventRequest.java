package ticketing.ingress.event;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.zone.ZoneRulesProvider;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.domain.SeatOffer;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.text.CodePoints;
import ticketing.ingress.text.NormalizedText;
import ticketing.ingress.text.TextPattern;

/// Body of a request that creates or changes an event. Text is in its normal form.
///
/// @param timeZone IANA name of the time zone of the venue; null: [EventView#DEFAULT_TIME_ZONE]
/// @param revision revision of the event on which a change is based; null: the current one
/// @param ignoredEventId read-only, as are the other ignored fields: the body of a read can be sent
public record EventRequest(
    @NotBlank
        @CodePoints(max = 255)
        @Pattern(regexp = TextPattern.REGEXP, message = TextPattern.MESSAGE)
        String eventName,
    @NotNull Instant eventDate,
    @CodePoints(max = 255) @Pattern(regexp = TextPattern.REGEXP, message = TextPattern.MESSAGE)
        @Nullable String venueName,
    @CodePoints(max = 500) @Pattern(regexp = TextPattern.REGEXP, message = TextPattern.MESSAGE)
        @Nullable String venueAddress,
    @Nullable Instant saleOpensAt,
    @Nullable Instant saleClosesAt,
    @Min(1) @Max(1_000_000) @Nullable Integer maxSeatsPerUser,
    @Min(1) @Max(43_200) @Nullable Integer holdMinutes,
    @CodePoints(max = 64) @Nullable String timeZone,
    @Nullable Long revision,
    @NotEmpty @Size(max = 50) List<@NotNull @Valid SeatType> seatTypes,
    @JsonProperty("eventId") @Nullable Long ignoredEventId,
    @JsonProperty("status") @Nullable EventStatus ignoredStatus,
    @JsonProperty("totalSeats") @Nullable Integer ignoredTotalSeats,
    @JsonProperty("availableSeats") @Nullable Integer ignoredAvailableSeats) {

  private static final int MAX_SEATS = 10_000_000;

  /// The price of the largest booking fits the schema.
  private static final BigDecimal MAX_PRICE = new BigDecimal("9999999.99");

  public EventRequest {
    eventName = NormalizedText.of(eventName);
    venueName = NormalizedText.of(venueName);
    venueAddress = NormalizedText.of(venueAddress);
    timeZone = timeZone == null ? EventView.DEFAULT_TIME_ZONE : timeZone;
  }

  /// @param availableSeats ignored, so that the body of a read can be sent
  public record SeatType(
      @NotBlank
          @CodePoints(max = 10)
          @Pattern(regexp = TextPattern.REGEXP, message = TextPattern.MESSAGE)
          String seatType,
      @NotNull Money price,
      @NotNull @Min(1) @Max(MAX_SEATS) Integer totalSeats,
      @Nullable Integer availableSeats) {

    public SeatType {
      seatType = NormalizedText.of(seatType);
    }
  }

  /// Returns the request of an event without a venue, on sale until it begins.
  public static EventRequest onSaleNow(
      String eventName, Instant eventDate, int maxSeatsPerUser, List<SeatType> seatTypes) {
    return new EventRequest(
        eventName,
        eventDate,
        null,
        null,
        null,
        null,
        maxSeatsPerUser,
        null,
        null,
        null,
        seatTypes,
        null,
        null,
        null,
        null);
  }

  /// Validates the constraints between fields.
  ///
  /// @throws ApiException `INVALID_REQUEST` with each violating field
  void validate(Instant now) {
    List<ApiException.FieldError> errors = new ArrayList<>();
    if (!eventDate.isAfter(now)) {
      errors.add(new ApiException.FieldError("eventDate", "must be in the future"));
    }
    if (saleOpensAt != null && !saleOpensAt.isBefore(eventDate)) {
      errors.add(new ApiException.FieldError("saleOpensAt", "must be before eventDate"));
    }
    if (saleClosesAt != null && saleClosesAt.isAfter(eventDate)) {
      errors.add(new ApiException.FieldError("saleClosesAt", "must not be after eventDate"));
    }
    if (!ZoneRulesProvider.getAvailableZoneIds().contains(timeZone)) {
      errors.add(new ApiException.FieldError("timeZone", "must be an IANA time zone"));
    }
    if (saleOpensAt != null && saleClosesAt != null && !saleClosesAt.isAfter(saleOpensAt)) {
      errors.add(new ApiException.FieldError("saleClosesAt", "must be after saleOpensAt"));
    }
    Set<String> names = new HashSet<>();
    long seats = 0;
    for (int i = 0; i < seatTypes.size(); i++) {
      SeatType type = seatTypes.get(i);
      seats += type.totalSeats();
      if (!names.add(NormalizedText.comparisonKey(type.seatType()))) {
        errors.add(
            new ApiException.FieldError("seatTypes[" + i + "].seatType", "must occur only once"));
      }
      if (type.price().amount().compareTo(MAX_PRICE) > 0) {
        errors.add(
            new ApiException.FieldError(
                "seatTypes[" + i + "].price", "must be at most " + MAX_PRICE));
      }
    }
    if (seats > MAX_SEATS) {
      errors.add(
          new ApiException.FieldError(
              "seatTypes", "must have at most " + MAX_SEATS + " seats in all"));
    }
    if (!errors.isEmpty()) {
      throw ApiException.invalid(errors);
    }
  }

  /// Validates that a request for a new event has no field that the server determines.
  ///
  /// @throws ApiException `INVALID_REQUEST` with each such field
  void requireNoReadOnlyFields() {
    List<ApiException.FieldError> errors = new ArrayList<>();
    rejectPresent("eventId", ignoredEventId, errors);
    rejectPresent("status", ignoredStatus, errors);
    rejectPresent("totalSeats", ignoredTotalSeats, errors);
    rejectPresent("availableSeats", ignoredAvailableSeats, errors);
    for (int i = 0; i < seatTypes.size(); i++) {
      rejectPresent("seatTypes[" + i + "].availableSeats", seatTypes.get(i).availableSeats, errors);
    }
    if (!errors.isEmpty()) {
      throw ApiException.invalid(errors);
    }
  }

  private static void rejectPresent(
      String field, @Nullable Object value, List<ApiException.FieldError> errors) {
    if (value != null) {
      errors.add(new ApiException.FieldError(field, "must be absent"));
    }
  }

  int totalSeats() {
    return seatTypes.stream().mapToInt(SeatType::totalSeats).sum();
  }

  List<SeatOffer> offers() {
    return seatTypes.stream()
        .map(type -> new SeatOffer(type.seatType(), type.price(), type.totalSeats()))
        .toList();
  }

  /// Returns true if the event has exactly these seat types, prices and totals.
  boolean hasSeatsOf(EventView event) {
    Set<SeatOffer> known = new HashSet<>();
    event
        .seatTypes()
        .forEach(
            type -> known.add(new SeatOffer(type.seatType(), type.price(), type.totalSeats())));
    return known.equals(Set.copyOf(offers()));
  }
}
