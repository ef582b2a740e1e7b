package ticketing.ingress.event;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
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
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.domain.SeatOffer;
import ticketing.domain.seatmap.SeatMap;
import ticketing.ingress.information.EventInformation;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.text.CodePoints;
import ticketing.ingress.text.NormalizedText;
import ticketing.ingress.text.NotBlankText;
import ticketing.ingress.text.TextPattern;
import tools.jackson.databind.JsonNode;

/// Body of a request that creates or changes an event. Text is in its normal form.
///
/// @param timeZone IANA name of the time zone of the venue; null: [EventView#DEFAULT_TIME_ZONE]
/// @param waitingList null: false
/// @param description Markdown
/// @param minimumAge years
/// @param refundRule plain text
/// @param offerMinutes duration of an offer to a waiting party; required with a waiting list
/// @param revision revision of the event on which a change is based; null: the current one
/// @param seatMap Java null: absent, a change keeps the map; JSON null: no numbered seats
/// @param ignoredEventId read-only, as are the other ignored fields: the body of a read can be sent
public record EventRequest(
    @NotBlankText
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
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean waitingList,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Min(1) @Max(1_440) @Nullable Integer offerMinutes,
    @JsonInclude(JsonInclude.Include.NON_NULL)
        @CodePoints(max = 5_000)
        @Pattern(regexp = TextPattern.LINES_REGEXP, message = TextPattern.MESSAGE)
        @Nullable String description,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Min(1) @Max(1_440) @Nullable Integer runningMinutes,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Min(0) @Max(21) @Nullable Integer minimumAge,
    @JsonInclude(JsonInclude.Include.NON_NULL)
        @CodePoints(max = 500)
        @Pattern(regexp = TextPattern.LINES_REGEXP, message = TextPattern.MESSAGE)
        @Nullable String refundRule,
    @Nullable Long revision,
    @NotEmpty @Size(max = 50) List<@NotNull @Valid SeatType> seatTypes,
    @JsonProperty("eventId") @Nullable Long ignoredEventId,
    @JsonProperty("status") @Nullable EventStatus ignoredStatus,
    @JsonProperty("totalSeats") @Nullable Integer ignoredTotalSeats,
    @JsonProperty("availableSeats") @Nullable Integer ignoredAvailableSeats,
    @JsonProperty("seatMapRevision") @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable Integer ignoredSeatMapRevision,
    @JsonProperty("descriptionHtml") @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String ignoredDescriptionHtml,
    @JsonProperty("posterUrl") @JsonInclude(JsonInclude.Include.NON_NULL)
        @Nullable String ignoredPosterUrl,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable JsonNode seatMap) {

  private static final int MAX_SEATS = 10_000_000;
  private static final int MAX_ERRORS = 100;

  /// The price of the largest booking fits the schema.
  private static final BigDecimal MAX_PRICE = new BigDecimal("9999999.99");

  public EventRequest {
    eventName = NormalizedText.of(eventName);
    venueName = NormalizedText.of(venueName);
    venueAddress = NormalizedText.of(venueAddress);
    description = NormalizedText.ofLines(description);
    refundRule = NormalizedText.ofLines(refundRule);
    timeZone = timeZone == null ? EventView.DEFAULT_TIME_ZONE : timeZone;
  }

  /// @param totalSeats ignored if the event has a seat map, otherwise required
  /// @param availableSeats ignored, so that the body of a read can be sent
  public record SeatType(
      @NotBlankText
          @CodePoints(max = 10)
          @Pattern(regexp = TextPattern.REGEXP, message = TextPattern.MESSAGE)
          String seatType,
      @NotNull Money price,
      @Min(1) @Max(MAX_SEATS) @Nullable Integer totalSeats,
      @Nullable Integer availableSeats) {

    public SeatType {
      seatType = NormalizedText.of(seatType);
    }

    private SeatType withTotalSeats(int total) {
      return new SeatType(seatType, price, total, availableSeats);
    }
  }

  /// Request without violations.
  ///
  /// @param request with the total of each seat type
  /// @param map seat map of the event after the request; empty: no numbered seats
  record ValidEvent(EventRequest request, Optional<SeatMap> map) {}

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
        null,
        null,
        null,
        null,
        null,
        null,
        seatTypes,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  /// Validates the constraints between fields.
  ///
  /// @param current seat map of the event ahead of the request; empty: none
  /// @throws ApiException `INVALID_REQUEST` with each violating field, at most 100
  ValidEvent validate(Instant now, Optional<SeatMap> current) {
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
    if (hasWaitingList() && offerMinutes == null) {
      errors.add(
          new ApiException.FieldError("offerMinutes", "must not be null with a waiting list"));
    }
    Optional<SeatMap> map = validateMap(current, errors);
    List<SeatType> types = validateTotals(map, errors);
    Set<String> names = new HashSet<>();
    long seats = 0;
    for (int i = 0; i < types.size(); i++) {
      SeatType type = types.get(i);
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
      throw ApiException.invalid(errors.subList(0, Math.min(errors.size(), MAX_ERRORS)));
    }
    return new ValidEvent(withSeatTypes(types), map);
  }

  public boolean hasWaitingList() {
    return Boolean.TRUE.equals(waitingList);
  }

  /// Returns true if the seat map is to be removed.
  boolean removesSeatMap() {
    return seatMap != null && seatMap.isNull();
  }

  private Optional<SeatMap> validateMap(
      Optional<SeatMap> current, List<ApiException.FieldError> errors) {
    List<String> names = seatTypes.stream().map(SeatType::seatType).toList();
    if (removesSeatMap() || seatMap == null && current.isEmpty()) {
      return Optional.empty();
    }
    if (seatMap != null) {
      return switch (SeatMap.parse(seatMap, names)) {
        case SeatMap.Parsed.Valid(SeatMap map) -> Optional.of(map);
        case SeatMap.Parsed.Invalid(List<SeatMap.Violation> violations) -> {
          violations.forEach(violation ->
              errors.add(new ApiException.FieldError(violation.field(), violation.message())));
          yield Optional.empty();
        }
      };
    }
    Set<String> numbered = current.get().countByType().keySet();
    for (int i = 0; i < names.size(); i++) {
      if (!numbered.contains(names.get(i))) {
        errors.add(
            new ApiException.FieldError(
                "seatTypes[" + i + "].seatType", "must have seats in the seat map"));
      }
    }
    for (String name : numbered) {
      if (!names.contains(name)) {
        errors.add(
            new ApiException.FieldError(
                "seatTypes", "must contain the seat type " + name + " of the seat map"));
      }
    }
    return current;
  }

  /// Returns the seat types with their totals, which follow from the map if there is one.
  private List<SeatType> validateTotals(
      Optional<SeatMap> map, List<ApiException.FieldError> errors) {
    boolean invalidMap = seatMap != null && !seatMap.isNull() && map.isEmpty();
    List<SeatType> types = new ArrayList<>();
    for (int i = 0; i < seatTypes.size(); i++) {
      SeatType type = seatTypes.get(i);
      Integer total =
          map.isPresent()
              ? map.get().countByType().getOrDefault(type.seatType(), 1)
              : type.totalSeats();
      if (map.isEmpty() && !invalidMap) {
        String field = "seatTypes[" + i + "].totalSeats";
        if (total == null) {
          errors.add(new ApiException.FieldError(field, "must not be null"));
        }
      }
      types.add(type.withTotalSeats(total == null ? 1 : total));
    }
    return types;
  }

  private EventRequest withSeatTypes(List<SeatType> types) {
    return new EventRequest(
        eventName,
        eventDate,
        venueName,
        venueAddress,
        saleOpensAt,
        saleClosesAt,
        maxSeatsPerUser,
        holdMinutes,
        timeZone,
        waitingList,
        offerMinutes,
        description,
        runningMinutes,
        minimumAge,
        refundRule,
        revision,
        types,
        ignoredEventId,
        ignoredStatus,
        ignoredTotalSeats,
        ignoredAvailableSeats,
        ignoredSeatMapRevision,
        ignoredDescriptionHtml,
        ignoredPosterUrl,
        seatMap);
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
    rejectPresent("seatMapRevision", ignoredSeatMapRevision, errors);
    rejectPresent("descriptionHtml", ignoredDescriptionHtml, errors);
    rejectPresent("posterUrl", ignoredPosterUrl, errors);
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

  /// Returns the information for the page of the event, without a poster.
  EventInformation information() {
    return new EventInformation(description, runningMinutes, minimumAge, refundRule, null);
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
