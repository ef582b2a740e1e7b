package ticketing.ingress.ticket;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.ingress.problem.RetryAfter;
import ticketing.ingress.security.AuthenticatedUser;

/// What became of a command.
@RestController
class TicketController {

  /// `wait` among the preferences of RFC 7240, in whole seconds.
  private static final Pattern WAIT =
      Pattern.compile("(?:^|[,;])\\s*wait\\s*=\\s*\"?(\\d{1,9})\"?", Pattern.CASE_INSENSITIVE);

  private final TicketReader tickets;
  private final TicketSettings settings;

  TicketController(TicketReader tickets, TicketSettings settings) {
    this.tickets = tickets;
    this.settings = settings;
  }

  @GetMapping(path = "/api/v1/tickets/{ticketId}", produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<Ticket> get(
      @AuthenticationPrincipal AuthenticatedUser caller,
      @PathVariable UUID ticketId,
      @RequestHeader(name = "Prefer", required = false) List<String> prefer) {
    OptionalInt wait = wait(prefer);
    Optional<Ticket> awaited =
        wait.isPresent()
            ? tickets.await(caller, ticketId, Duration.ofSeconds(wait.getAsInt()))
            : Optional.empty();
    Ticket ticket = awaited.orElseGet(() -> tickets.get(caller, ticketId));
    ResponseEntity.BodyBuilder answer = ResponseEntity.ok().eTag(tag(ticket));
    answer.header(HttpHeaders.VARY, "Prefer");
    if (awaited.isPresent()) {
      answer.header("Preference-Applied", "wait=" + wait.getAsInt());
    }
    if (!ticket.status().isFinal()) {
      answer.header(HttpHeaders.RETRY_AFTER, String.valueOf(RetryAfter.seconds(ticket)));
    }
    return answer.body(ticket);
  }

  private OptionalInt wait(List<String> prefer) {
    if (prefer == null) {
      return OptionalInt.empty();
    }
    Matcher wait = WAIT.matcher(String.join(",", prefer));
    return wait.find()
        ? OptionalInt.of(
            (int) Math.min(Long.parseLong(wait.group(1)), settings.maxWait().toSeconds()))
        : OptionalInt.empty();
  }

  private static String tag(Ticket ticket) {
    CRC32C sum = new CRC32C();
    sum.update(Json.INTERNAL.writeValueAsString(ticket).getBytes(StandardCharsets.UTF_8));
    return '"' + Long.toHexString(sum.getValue()) + '"';
  }
}
