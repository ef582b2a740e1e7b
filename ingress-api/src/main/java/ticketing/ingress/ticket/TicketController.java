package ticketing.ingress.ticket;

import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.ingress.connection.PendingResponse;
import ticketing.ingress.http.ConditionalRequests;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.ProblemDetailAdvice;
import ticketing.ingress.problem.RetryAfter;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.redis.RedisUnavailableException;
import tools.jackson.databind.json.JsonMapper;

/// State of a ticket.
@RestController
class TicketController {

  private static final Duration RETRY_DELAY = Duration.ofSeconds(2);

  /// One preference of RFC 7240 with its parameters. A comma inside of a quoted string is no end.
  private static final Pattern PREFERENCE =
      Pattern.compile("(?:\"(?:[^\"\\\\]|\\\\.)*+\"|[^,\"])++");

  /// Preference `wait`, in whole seconds, with parameters that have no meaning here.
  private static final Pattern WAIT =
      Pattern.compile(
          "\\s*wait\\s*=\\s*(?:([0-9]{1,9})|\"([0-9]{1,9})\")\\s*(?:;.*)?",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private final TicketReader tickets;
  private final TicketSettings settings;
  private final LongPolls longPolls;
  private final ProblemDetailAdvice problems;
  private final JsonMapper json;

  TicketController(
      TicketReader tickets,
      TicketSettings settings,
      LongPolls longPolls,
      ProblemDetailAdvice problems,
      JsonMapper json) {
    this.tickets = tickets;
    this.settings = settings;
    this.longPolls = longPolls;
    this.problems = problems;
    this.json = json;
  }

  @GetMapping(path = "/api/v1/tickets/{ticketId}", produces = MediaType.APPLICATION_JSON_VALUE)
  @Nullable ResponseEntity<Ticket> get(
      @AuthenticationPrincipal AuthenticatedUser user,
      @PathVariable UUID ticketId,
      @RequestHeader(name = "Prefer", required = false) List<String> prefer,
      @RequestHeader(name = HttpHeaders.IF_NONE_MATCH, required = false) String ifNoneMatch,
      HttpServletRequest request) {
    OptionalInt wait = wait(prefer == null ? List.of() : prefer);
    if (wait.isEmpty() || wait.getAsInt() == 0) {
      return answer(tickets.find(user, ticketId), wait, ifNoneMatch);
    }
    LongPolls.Poll poll =
        longPolls.register(user.userId(), ticketId, Duration.ofSeconds(wait.getAsInt()));
    boolean deferred = false;
    try {
      TicketLookup current = tickets.find(user, ticketId);
      if (!(current instanceof TicketLookup.Found(Ticket ticket)) || ticket.status().isFinal()) {
        return answer(current, wait, ifNoneMatch);
      }
      PendingResponse.defer(request, new PendingTicket(poll, user, ticketId, wait, ifNoneMatch));
      deferred = true;
      return null;
    } finally {
      if (!deferred) {
        poll.remove();
      }
    }
  }

  /// Response of a long poll.
  private final class PendingTicket implements PendingResponse {

    private final LongPolls.Poll poll;
    private final AuthenticatedUser user;
    private final UUID ticketId;
    private final OptionalInt applied;
    private final @Nullable String ifNoneMatch;

    PendingTicket(
        LongPolls.Poll poll,
        AuthenticatedUser user,
        UUID ticketId,
        OptionalInt applied,
        @Nullable String ifNoneMatch) {
      this.poll = poll;
      this.user = user;
      this.ticketId = ticketId;
      this.applied = applied;
      this.ifNoneMatch = ifNoneMatch;
    }

    @Override
    public void start(Runnable ready) {
      poll.onEnd(ready);
    }

    @Override
    public void cancel() {
      poll.remove();
    }

    @Override
    public Content create() {
      try {
        TicketLookup lookup =
            poll.decision()
                .<TicketLookup>map(TicketLookup.Found::new)
                .orElseGet(() -> tickets.find(user, ticketId));
        return content(answer(lookup, applied, ifNoneMatch));
      } catch (RuntimeException e) {
        ResponseEntity<ProblemDetail> problem = problems.handle(e);
        return new Content(
            problem.getStatusCode().value(), problem.getHeaders(), json(problem.getBody()));
      }
    }

    private Content content(ResponseEntity<Ticket> answer) {
      HttpHeaders headers = new HttpHeaders(answer.getHeaders());
      if (answer.getBody() == null || ConditionalRequests.matches(ifNoneMatch, headers.getETag())) {
        return new Content(HttpStatus.NOT_MODIFIED.value(), headers, new byte[0]);
      }
      headers.setContentType(MediaType.APPLICATION_JSON);
      return new Content(answer.getStatusCode().value(), headers, json(answer.getBody()));
    }
  }

  private byte[] json(Object body) {
    return json.writeValueAsBytes(body);
  }

  private static ResponseEntity<Ticket> answer(
      TicketLookup lookup, OptionalInt applied, @Nullable String ifNoneMatch) {
    return switch (lookup) {
      case TicketLookup.Found(Ticket ticket) -> answer(ticket, applied, ifNoneMatch);
      case TicketLookup.NotFound _ ->
          throw ApiException.of(ErrorCode.TICKET_NOT_FOUND, "There is no such ticket.");
      case TicketLookup.Unavailable _ ->
          throw ApiException.withRetryAfter(
              ErrorCode.TICKET_UNAVAILABLE,
              "The state of the ticket cannot be read at present.",
              RETRY_DELAY);
    };
  }

  /// @param content undecided tickets, newest first
  record TicketList(List<Ticket> content) {}

  /// Lists the undecided tickets of the user. All of them are pending.
  @GetMapping(path = "/api/v1/users/me/tickets", produces = MediaType.APPLICATION_JSON_VALUE)
  TicketList listUndecided(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestParam(required = false) @Nullable TicketStatus status) {
    if (status != null && status.isFinal()) {
      return new TicketList(List.of());
    }
    try {
      return new TicketList(tickets.findUndecided(user));
    } catch (RedisUnavailableException e) {
      throw ApiException.withRetryAfter(
          ErrorCode.TICKET_UNAVAILABLE, "The tickets cannot be read at present.", RETRY_DELAY);
    }
  }

  /// @param applied seconds of the applied preference `wait`
  private static ResponseEntity<Ticket> answer(
      Ticket ticket, OptionalInt applied, @Nullable String ifNoneMatch) {
    boolean unchanged = ConditionalRequests.matchesAny(ifNoneMatch);
    ResponseEntity.BodyBuilder answer =
        ResponseEntity.status(unchanged ? HttpStatus.NOT_MODIFIED : HttpStatus.OK)
            .eTag(entityTag(ticket));
    answer.header(HttpHeaders.VARY, "Prefer");
    if (applied.isPresent()) {
      answer.header("Preference-Applied", "wait=" + applied.getAsInt());
    }
    if (!ticket.status().isFinal()) {
      answer.header(HttpHeaders.RETRY_AFTER, String.valueOf(RetryAfter.seconds(ticket)));
    }
    return unchanged ? answer.build() : answer.body(ticket);
  }

  private OptionalInt wait(List<String> prefer) {
    return PREFERENCE
        .matcher(String.join(",", prefer))
        .results()
        .map(preference -> WAIT.matcher(preference.group()))
        .filter(Matcher::matches)
        .mapToInt(wait -> Integer.parseInt(wait.group(1) == null ? wait.group(2) : wait.group(1)))
        .map(seconds -> (int) Math.min(seconds, settings.maxWait().toSeconds()))
        .findFirst();
  }

  private static String entityTag(Ticket ticket) {
    CRC32C sum = new CRC32C();
    sum.update(Json.INTERNAL.writeValueAsString(ticket).getBytes(StandardCharsets.UTF_8));
    return '"' + Long.toHexString(sum.getValue()) + '"';
  }
}
