package ticketing.ingress.operations;

import io.swagger.v3.oas.annotations.Hidden;
import jakarta.annotation.PreDestroy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.ingress.event.EventAdminService;
import ticketing.ingress.event.EventRequest;
import ticketing.ingress.reservation.ReservationController;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.security.AccessTokens;

/// An on-sale to look at, in the local profile only: a fresh event, and buyers who come within some
/// seconds and book one seat each, over HTTP like everybody else. One at a time, and bounded in
/// requests and in time by [SimulationSettings].
@Hidden
@Profile("local")
@RestController
@RequestMapping(path = "/api/v1/operations/simulation", produces = MediaType.APPLICATION_JSON_VALUE)
public class SaleSimulation {

  private static final String SEAT_TYPE = "S";
  private static final Duration EVENT_IN = Duration.ofDays(30);
  private static final Duration REQUEST = Duration.ofSeconds(10);

  private final SimulationSettings settings;
  private final EventAdminService office;
  private final AccessTokens tokens;
  private final Clock clock;
  private final WebServerApplicationContext server;
  private final ExecutorService buyers = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .executor(buyers)
          .connectTimeout(REQUEST)
          .build();
  private Run run;

  SaleSimulation(
      SimulationSettings settings,
      EventAdminService office,
      AccessTokens tokens,
      Clock clock,
      WebServerApplicationContext server) {
    this.settings = settings;
    this.office = office;
    this.tokens = tokens;
    this.clock = clock;
    this.server = server;
  }

  /// @param eventId null: there was none yet
  /// @param refused turned away with an answer
  /// @param failed without an answer
  record State(boolean running, Long eventId, int buyers, int accepted, int refused, int failed) {}

  @GetMapping
  synchronized State state() {
    return run == null ? new State(false, null, 0, 0, 0, 0) : run.state();
  }

  /// Starts one; while one is running, that one is answered.
  @PostMapping
  synchronized State start() {
    if (run == null || !run.state().running()) {
      Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
      EventView event =
          office.create(
              new EventRequest(
                  "Simulated on-sale " + LocalTime.ofInstant(now, ZoneOffset.UTC),
                  now.plus(EVENT_IN),
                  null,
                  null,
                  null,
                  null,
                  1,
                  null,
                  List.of(
                      new EventRequest.SeatType(
                          SEAT_TYPE, Money.of("55000.00"), settings.seats(), null))));
      run = new Run(event.eventId());
      for (int buyer = 0; buyer < settings.connections(); buyer++) {
        buyers.execute(run::book);
      }
    }
    return run.state();
  }

  @PreDestroy
  void stop() {
    buyers.shutdownNow();
  }

  private final class Run {
    private final long eventId;
    private final long begin = System.nanoTime();
    private final URI target =
        URI.create(
            "http://127.0.0.1:" + server.getWebServer().getPort() + ReservationController.PATH);
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger(settings.connections());
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();

    Run(long eventId) {
      this.eventId = eventId;
    }

    State state() {
      return new State(
          busy.get() > 0, eventId, settings.buyers(), accepted.get(), refused.get(), failed.get());
    }

    /// One connection's share of the buyers.
    void book() {
      try {
        int buyer = next.getAndIncrement();
        while (buyer < settings.buyers() && age().compareTo(settings.longest()) < 0) {
          Duration early =
              settings.arrival().multipliedBy(buyer).dividedBy(settings.buyers()).minus(age());
          if (early.isPositive()) {
            Thread.sleep(early);
          }
          book(buyer);
          buyer = next.getAndIncrement();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        busy.decrementAndGet();
      }
    }

    private Duration age() {
      return Duration.ofNanos(System.nanoTime() - begin);
    }

    private void book(int buyer) throws InterruptedException {
      HttpRequest request =
          HttpRequest.newBuilder(target)
              .timeout(REQUEST)
              .header(
                  HttpHeaders.AUTHORIZATION,
                  "Bearer " + tokens.issue("simulated-" + buyer, AuthenticatedUser.BUYER))
              .header(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON_VALUE)
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"eventId\":%d,\"seatType\":\"%s\",\"quantity\":1}"
                          .formatted(eventId, SEAT_TYPE)))
              .build();
      try {
        int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        (status == HttpStatus.ACCEPTED.value() ? accepted : refused).incrementAndGet();
      } catch (IOException e) {
        failed.incrementAndGet();
      }
    }
  }
}
