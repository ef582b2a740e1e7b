package ticketing.ingress.entrypass;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.ingress.account.AccountService;
import ticketing.ingress.account.User;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.reservation.ReservationReader;
import ticketing.ingress.reservation.ReservationView;
import ticketing.ingress.security.AuthenticatedUser;

/// Entry passes, and the public keys that verify them.
@RestController
class EntryPassController {

  static final String AUDIENCE = "ticketing-entry";

  private static final String ISSUER = "ticketing";
  private static final Duration VALIDITY = Duration.ofDays(1); // after the begin of the show
  private static final int MAX_NAME_LENGTH = 60; // code points
  private static final Duration MAX_KEY_AGE = Duration.ofMinutes(5);

  private final ReservationReader reservations;
  private final EventCatalog events;
  private final AccountService accounts;
  private final EntryPassSigner signer;
  private final Clock clock;

  EntryPassController(
      ReservationReader reservations,
      EventCatalog events,
      AccountService accounts,
      EntryPassSigner signer,
      Clock clock) {
    this.reservations = reservations;
    this.events = events;
    this.accounts = accounts;
    this.signer = signer;
    this.clock = clock;
  }

  @GetMapping(
      path = "/.well-known/entry-pass-keys.json",
      produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<Map<String, Object>> keys() {
    return ResponseEntity.ok()
        .cacheControl(CacheControl.maxAge(MAX_KEY_AGE).cachePublic())
        .body(signer.publicKeySet());
  }

  @GetMapping(
      path = "/api/v1/reservations/{reservationId}/entry-pass",
      produces = MediaType.APPLICATION_JSON_VALUE)
  EntryPass pass(
      @AuthenticationPrincipal AuthenticatedUser user, @PathVariable long reservationId) {
    ReservationView reservation = reservations.get(reservationId);
    if (!user.userId().equals(reservation.userId())) {
      throw ReservationReader.notFound();
    }
    EventView event = events.get(reservation.eventId());
    Instant expiresAt = event.eventDate().plus(VALIDITY);
    if (reservation.status() != ReservationView.Status.CONFIRMED
        || event.status() == EventStatus.CANCELLED
        || !clock.instant().isBefore(expiresAt)) {
      throw unavailable("The reservation is not confirmed, or its event is cancelled or over.");
    }
    String pass =
        signer
            .sign(claims(reservation, event, expiresAt))
            .orElseThrow(() -> unavailable("This deployment signs no entry passes."));
    return new EntryPass(reservationId, pass, expiresAt, EntryPass.QrCode.of(pass));
  }

  private static ApiException unavailable(String detail) {
    return ApiException.of(ErrorCode.ENTRY_PASS_NOT_FOUND, detail);
  }

  /// Claims of a pass. Short names keep the QR code small.
  private Map<String, @Nullable Object> claims(
      ReservationView reservation, EventView event, Instant expiresAt) {
    Map<String, @Nullable Object> claims = new LinkedHashMap<>();
    claims.put("iss", ISSUER);
    claims.put("aud", AUDIENCE);
    claims.put("sub", String.valueOf(reservation.reservationId()));
    claims.put("exp", expiresAt.getEpochSecond());
    claims.put("evt", event.eventId());
    claims.put("evn", cut(event.eventName()));
    claims.put("evd", event.eventDate().getEpochSecond());
    claims.put("tz", event.timeZone());
    claims.put("type", cut(reservation.seatType()));
    claims.put("qty", reservation.quantity());
    if (reservation.seats() != null) {
      claims.put("seats", reservation.seats());
    }
    accounts
        .find(reservation.userId())
        .map(User::name)
        .ifPresent(name -> claims.put("name", cut(name)));
    return claims;
  }

  private static String cut(String text) {
    return text.codePointCount(0, text.length()) <= MAX_NAME_LENGTH
        ? text
        : text.substring(0, text.offsetByCodePoints(0, MAX_NAME_LENGTH));
  }
}
