package ticketing.ingress.operations;

import jakarta.annotation.PreDestroy;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.annotation.Profile;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.client.ApiConnection;
import ticketing.client.BookingClient;
import ticketing.client.BookingRequest;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.client.TicketResult;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.ingress.event.EventAdminService;
import ticketing.ingress.event.EventRequest;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.Role;

/// Simulated on-sale for the operations page, in the local profile only. Creates an event and sends
/// one booking of each buyer over HTTP. At most one simulation runs; [SimulationSettings] limits
/// its requests and its duration.
@Profile("local")
@RestController
@RequestMapping(path = "/api/v1/operations/simulation", produces = MediaType.APPLICATION_JSON_VALUE)
class SaleSimulation {

  private static final String SEAT_TYPE = "S";
  private static final Duration EVENT_DATE_OFFSET = Duration.ofDays(30);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);

  private final SimulationSettings settings;
  private final EventAdminService events;
  private final AccessTokenIssuer tokens;
  private final Clock clock;
  private final WebServerApplicationContext server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private Run run;

  SaleSimulation(
      SimulationSettings settings,
      EventAdminService events,
      AccessTokenIssuer tokens,
      Clock clock,
      WebServerApplicationContext server) {
    this.settings = settings;
    this.events = events;
    this.tokens = tokens;
    this.clock = clock;
    this.server = server;
  }

  /// @param eventId null if no simulation has run
  /// @param accepted bookings answered with 202
  /// @param refused bookings answered with another status
  /// @param failed bookings without a response
  record State(boolean running, Long eventId, int buyers, int accepted, int refused, int failed) {}

  @GetMapping
  synchronized State state() {
    return run == null ? new State(false, null, 0, 0, 0, 0) : run.state();
  }

  /// Starts a simulation. While one runs, returns its state.
  @PostMapping
  synchronized State start() {
    if (run == null || !run.state().running()) {
      Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
      EventView event =
          events.create(
              EventRequest.onSaleNow(
                  "Simulated on-sale " + LocalTime.ofInstant(now, ZoneOffset.UTC),
                  now.plus(EVENT_DATE_OFFSET),
                  1,
                  List.of(
                      new EventRequest.SeatType(
                          SEAT_TYPE, Money.of("55000.00"), settings.seats(), null))));
      run = new Run(event.eventId());
      for (int connection = 0; connection < settings.connections(); connection++) {
        executor.execute(run::sendBookings);
      }
    }
    return run.state();
  }

  @PreDestroy
  void stop() {
    executor.shutdownNow();
  }

  private final class Run {
    private final long eventId;
    private final long startNanos = System.nanoTime();
    private final URI address = URI.create("http://127.0.0.1:" + server.getWebServer().getPort());
    private final AtomicInteger nextBuyer = new AtomicInteger();
    private final AtomicInteger openConnections = new AtomicInteger(settings.connections());
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();

    Run(long eventId) {
      this.eventId = eventId;
    }

    State state() {
      return new State(
          openConnections.get() > 0,
          eventId,
          settings.buyers(),
          accepted.get(),
          refused.get(),
          failed.get());
    }

    /// Sends bookings over one connection until no buyer is left.
    void sendBookings() {
      try (ApiConnection connection = new ApiConnection(List.of(address), REQUEST_TIMEOUT)) {
        int buyer = nextBuyer.getAndIncrement();
        while (buyer < settings.buyers() && elapsed().compareTo(settings.longest()) < 0) {
          Duration untilArrival =
              settings.arrival().multipliedBy(buyer).dividedBy(settings.buyers()).minus(elapsed());
          if (untilArrival.isPositive()) {
            Thread.sleep(untilArrival);
          }
          book(connection, buyer);
          buyer = nextBuyer.getAndIncrement();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        openConnections.decrementAndGet();
      }
    }

    private Duration elapsed() {
      return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    private void book(ApiConnection connection, int buyer) throws InterruptedException {
      Session session = Session.ofToken(tokens.issue("simulated-" + buyer, Role.BUYER));
      BookingClient client = new BookingClient(connection, session, RetryPolicy.NONE);
      String idempotencyKey = "simulation-" + eventId;
      switch (client.book(new BookingRequest(eventId, SEAT_TYPE, 1), idempotencyKey)) {
        case TicketResult.Success _ -> accepted.incrementAndGet();
        case TicketResult.Refused _ -> refused.incrementAndGet();
        case TicketResult.Unresolved _ -> failed.incrementAndGet();
      }
    }
  }
}
