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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokens;

/// So many buyers at once, each with a connection (and in `SOCKET` a WebSocket) of their own that
/// stays open from the first request to the last. A closed model: a buyer thinks, books, follows
/// the ticket as the server says (`Retry-After`, or the frames of the socket) until it is decided,
/// and thinks again. So the rate of arrival is buyers / (thinking + following), whatever the server
/// does, as long as it answers much faster than buyers think.
///
/// Requests outside the measured time have other names: while connections open and the JVMs warm
/// up, and at the end, while the memory of the processes is looked at.
public final class BuyersSimulation extends Simulation {

  enum Model {
    /// Books, polls until it is decided.
    POLL,
    /// The same, and looks at the event nine times for each booking.
    READ,
    /// Books, is told the decision at a WebSocket.
    SOCKET
  }

  /// Begins the names of requests outside the measured time.
  static final String UNCOUNTED = "not counted: ";

  private static final int READS = 9;

  /// The clients stay a little longer, for what is looked at then.
  private static final Duration AFTERWARDS = Duration.ofSeconds(6);

  private static final Duration LONGEST_FOLLOWING = Duration.ofSeconds(30);

  private final Model model = Model.valueOf(System.getProperty("model"));
  private final int buyers = Integer.getInteger("buyers");
  private final long event = Long.getLong("event");
  private final Duration thinking = Duration.ofMillis(Integer.getInteger("thinking"));
  private final Duration ramp = Duration.ofSeconds(Integer.getInteger("ramp"));
  private final Duration warmUp = Duration.ofSeconds(Integer.getInteger("warm-up"));
  private final Duration seconds = Duration.ofSeconds(Integer.getInteger("seconds"));
  private Instant measured = Instant.MAX;

  public BuyersSimulation() {
    HttpProtocolBuilder protocol =
        http.baseUrl(System.getProperty("ingress"))
            .wsBaseUrl(System.getProperty("notifier"))
            // One address has some 28,000 ports.
            .localAddresses("127.0.0.2", "127.0.0.3", "127.0.0.4")
            .acceptHeader("application/json")
            .contentTypeHeader("application/json")
            .authorizationHeader("Bearer #{token}")
            .disableCaching();
    setUp(buyers().injectOpen(rampUsers(buyers).during(ramp)))
        .protocols(protocol)
        .maxDuration(ramp.plus(warmUp).plus(seconds).plus(AFTERWARDS));
  }

  @Override
  public void before() {
    measured = Instant.now().plus(ramp).plus(warmUp);
  }

  private ScenarioBuilder buyers() {
    ChainBuilder open =
        model == Model.SOCKET
            ? exec(ws(named("open a socket")).connect("/ws/tickets"))
            : exec(readEvent());
    ChainBuilder follow = model == Model.SOCKET ? hear() : poll();
    ChainBuilder decided = exec(book()).doIf("#{ticket.exists()}").then(follow);
    // Drawn, not counted: so the mix is the same in every second.
    ChainBuilder step =
        model == Model.READ
            ? think(READS + 1)
                .randomSwitch()
                .on(
                    percent(100.0 * READS / (READS + 1)).then(readEvent()),
                    percent(100.0 / (READS + 1)).then(decided))
            : think(1).exec(decided);
    return scenario(model.name().toLowerCase(Locale.ROOT))
        .feed(tokens())
        .exec(this::inPhase)
        .exec(open)
        .exec(forever().on(step));
  }

  /// Somewhere between nothing and twice the mean, so that buyers who came together do not stay
  /// together.
  private ChainBuilder think(int parts) {
    long most = 2 * thinking.toMillis() / parts;
    return pause(s -> Duration.ofMillis(ThreadLocalRandom.current().nextLong(most + 1)))
        .exec(this::inPhase);
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
                .exec(this::inPhase)
                .exec(
                    http(named("poll"))
                        .get("/api/v1/tickets/#{ticket}")
                        .check(status().is(200))
                        .check(jsonPath("$.status").saveAs("status"))
                        .check(header("Retry-After").optional().saveAs("wait")))
                .exec(
                    session ->
                        session.set(
                            "pending",
                            !session.isFailed() && "PENDING".equals(session.get("status")))));
  }

  private ChainBuilder hear() {
    return exec(
        // Sending it is no answer; the frame that comes is.
        ws(UNCOUNTED + "subscribe")
            .sendText("{\"action\":\"subscribe\",\"ticketIds\":[\"#{ticket}\"]}")
            .await(LONGEST_FOLLOWING)
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

  private Session inPhase(Session session) {
    Instant now = Instant.now();
    boolean after = !now.isBefore(measured) && now.isAfter(measured.plus(seconds));
    return session.set(
        "phase", now.isBefore(measured) ? UNCOUNTED : after ? UNCOUNTED + "after: " : "");
  }

  private Iterator<Map<String, Object>> tokens() {
    AccessTokens tokens =
        new AccessTokens(
            new AccessTokenSettings(AccessTokenSettings.LOCAL_KEY, "", Duration.ofHours(1)),
            true,
            Clock.systemUTC());
    Stream<Map<String, Object>> all =
        IntStream.range(0, buyers)
            .mapToObj(
                number -> Map.of("token", tokens.issue("buyer-%06d".formatted(number), "BUYER")));
    return all.iterator();
  }
}
