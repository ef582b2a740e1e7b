package ticketing.benchmark.http;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.forever;
import static io.gatling.javaapi.core.CoreDsl.jsonPath;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.percent;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.header;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;
import static io.gatling.javaapi.http.HttpDsl.ws;

import io.gatling.javaapi.core.ChainBuilder;
import io.gatling.javaapi.core.ScenarioBuilder;
import io.gatling.javaapi.core.Session;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ticketing.benchmark.support.AccessTokens;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.Role;

/// Closed model of buyers with one connection each, which stays open during the whole run (in
/// `SOCKET` also a WebSocket). A buyer thinks, books, and follows the ticket until it is decided,
/// by polling after `Retry-After` or by WebSocket frames. The arrival rate is buyers / (think time
/// + time to the decision).
///
/// Requests outside the measured time have a name prefix: during connecting, during warm-up, and
/// during the memory statistics at the end.
public final class BuyersSimulation extends Simulation {

  enum Model {
    /// Books and polls the ticket.
    POLL,
    /// As `POLL`, with nine reads of the event for each booking.
    READ,
    /// Books and receives the decision by WebSocket.
    SOCKET
  }

  /// Name prefix of requests outside the measured time.
  static final String UNMEASURED = "unmeasured: ";

  private static final int READS_PER_BOOKING = 9;

  /// Time after the measurement, for the memory statistics.
  private static final Duration STATISTICS_TIME = Duration.ofSeconds(6);

  private static final Duration DECISION_TIMEOUT = Duration.ofSeconds(30);

  private final Model model = Model.valueOf(System.getProperty("model"));
  private final int buyers = Integer.getInteger("buyers");
  private final long event = Long.getLong("event");
  private final Duration thinkTime = Duration.ofMillis(Integer.getInteger("think-millis"));
  private final Duration ramp = Duration.ofSeconds(Integer.getInteger("ramp"));
  private final Duration warmUp = Duration.ofSeconds(Integer.getInteger("warm-up"));
  private final Duration seconds = Duration.ofSeconds(Integer.getInteger("seconds"));
  private Instant measuredFrom = Instant.MAX;

  public BuyersSimulation() {
    HttpProtocolBuilder protocol =
        http.baseUrl(System.getProperty("ingress"))
            .wsBaseUrl(System.getProperty("notifier"))
            // One address has about 28,000 ports.
            .localAddresses("127.0.0.2", "127.0.0.3", "127.0.0.4")
            .acceptHeader("application/json")
            .contentTypeHeader("application/json")
            .authorizationHeader("Bearer #{token}")
            .disableCaching();
    setUp(buyers().injectOpen(rampUsers(buyers).during(ramp)))
        .protocols(protocol)
        .maxDuration(ramp.plus(warmUp).plus(seconds).plus(STATISTICS_TIME));
  }

  @Override
  public void before() {
    measuredFrom = Instant.now().plus(ramp).plus(warmUp);
  }

  private ScenarioBuilder buyers() {
    ChainBuilder open =
        model == Model.SOCKET
            ? exec(ws(named("open WebSocket")).connect("/ws/tickets"))
            : exec(readEvent());
    ChainBuilder follow = model == Model.SOCKET ? awaitFrame() : poll();
    ChainBuilder decided = exec(book()).doIf("#{ticket.exists()}").then(follow);
    // Random choice, so that the mix is equal in every second.
    ChainBuilder step =
        model == Model.READ
            ? think(READS_PER_BOOKING + 1)
                .randomSwitch()
                .on(
                    percent(100.0 * READS_PER_BOOKING / (READS_PER_BOOKING + 1)).then(readEvent()),
                    percent(100.0 / (READS_PER_BOOKING + 1)).then(decided))
            : think(1).exec(decided);
    return scenario(model.name().toLowerCase(Locale.ROOT))
        .feed(tokens())
        .exec(this::updatePhase)
        .exec(open)
        .exec(forever().on(step));
  }

  /// Pause with a uniform distribution from zero to twice the mean, which spreads the buyers.
  private ChainBuilder think(int parts) {
    long maxMillis = 2 * thinkTime.toMillis() / parts;
    return pause(s -> Duration.ofMillis(ThreadLocalRandom.current().nextLong(maxMillis + 1)))
        .exec(this::updatePhase);
  }

  private ChainBuilder readEvent() {
    return exec(http(named("read event")).get("/api/v1/events/" + event).check(status().is(200)));
  }

  private ChainBuilder book() {
    String body = "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event);
    return exec(session -> session.remove("ticket"))
        .exec(
            http(named("book"))
                .post("/api/v1/reservations")
                .body(StringBody(body))
                .check(status().is(202))
                .check(jsonPath("$.ticketId").saveAs("ticket"))
                .check(header("Retry-After").saveAs("wait")));
  }

  private ChainBuilder poll() {
    return exec(session -> session.set("pending", true))
        .asLongAs("#{pending}")
        .on(
            pause(session -> Duration.ofSeconds(Long.parseLong(session.getString("wait"))))
                .exec(this::updatePhase)
                .exec(
                    http(named("poll"))
                        .get("/api/v1/tickets/#{ticket}")
                        .check(status().is(200))
                        .check(jsonPath("$.status").saveAs("status"))
                        .check(header("Retry-After").optional().saveAs("wait")))
                .exec(session ->
                    session.set(
                        "pending",
                        !session.isFailed() && "PENDING".equals(session.get("status")))));
  }

  private ChainBuilder awaitFrame() {
    return exec(
        // Only the received frame is measured.
        ws(UNMEASURED + "subscribe")
            .sendText("{\"action\":\"subscribe\",\"ticketIds\":[\"#{ticket}\"]}")
            .await(DECISION_TIMEOUT)
            .on(
                ws.checkTextMessage(named("decided"))
                    .matching(
                        jsonPath("$.ticketId").isEL("#{ticket}"),
                        jsonPath("$.status").not("PENDING"))
                    .check(jsonPath("$.status").is("CONFIRMED"))));
  }

  private static String named(String request) {
    return "#{phase}" + request;
  }

  private Session updatePhase(Session session) {
    Instant now = Instant.now();
    boolean ended = !now.isBefore(measuredFrom) && now.isAfter(measuredFrom.plus(seconds));
    return session.set(
        "phase", now.isBefore(measuredFrom) ? UNMEASURED : ended ? UNMEASURED + "after: " : "");
  }

  private Iterator<Map<String, Object>> tokens() {
    AccessTokenIssuer tokens = AccessTokens.issuer();
    Stream<Map<String, Object>> all =
        IntStream.range(0, buyers)
            .mapToObj(number ->
                Map.of("token", tokens.issue("buyer-%06d".formatted(number), Role.BUYER)));
    return all.iterator();
  }
}
