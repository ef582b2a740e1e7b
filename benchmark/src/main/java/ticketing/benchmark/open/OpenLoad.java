package ticketing.benchmark.open;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;
import ticketing.domain.Json;

/// Open model: requests start at fixed times, in equal distances, each on the next connection in
/// turn. The time of a request counts from its planned start, so a slow server does not delay the
/// requests that would show it (no coordinated omission).
final class OpenLoad {

  private static final Duration MAX_TIME = Duration.ofMinutes(1);
  private static final int SIGNIFICANT_DIGITS = 3;
  private static final Duration CONNECT_TIMEOUT = Duration.ofMinutes(1);

  /// Kind of a request, with the status of its answer.
  enum Kind {
    BOOK(202),
    POLL(200),
    READ(200);

    private final int status;

    Kind(int status) {
      this.status = status;
    }
  }

  /// @param connections open for the whole load, each of another buyer
  /// @param perSecond requests a second of all connections
  /// @param readsPerOther reads of the event for each other request; the others are bookings and
  ///   polls in turn
  record Plan(int connections, int perSecond, int readsPerOther) {

    /// Kind of a request: its number on the connection, shifted by the number of the connection, so
    /// that all kinds are sent at any time.
    private Kind kind(int connection, long request) {
      int cycle = 2 * (1 + readsPerOther);
      int position = (int) ((connection + request) % cycle);
      return position == 0 ? Kind.BOOK : position == cycle / 2 ? Kind.POLL : Kind.READ;
    }
  }

  /// @param micros times in microseconds, by kind
  /// @param failure first failed request; null: none
  record Result(Map<Kind, Histogram> micros, long failed, String failure) {

    Histogram all() {
      Histogram all = new Histogram(MAX_TIME.toNanos() / 1_000, SIGNIFICANT_DIGITS);
      micros.values().forEach(all::add);
      return all;
    }
  }

  private final URI ingress;
  private final long event;
  private final List<String> tokens;
  private final Plan plan;
  private final Map<Kind, Histogram> micros = new EnumMap<>(Kind.class);
  private final AtomicLong failed = new AtomicLong();
  private final AtomicReference<String> failure = new AtomicReference<>();
  private long startNanos;
  private long measuredFrom;
  private long end;

  /// @param tokens one for each connection
  OpenLoad(URI ingress, long event, List<String> tokens, Plan plan) {
    this.ingress = ingress;
    this.event = event;
    this.tokens = tokens;
    this.plan = plan;
    for (Kind kind : Kind.values()) {
      micros.put(kind, new ConcurrentHistogram(MAX_TIME.toNanos() / 1_000, SIGNIFICANT_DIGITS));
    }
  }

  /// Opens the connections and sends requests for the time of both durations.
  ///
  /// @param unmeasured time at the begin whose requests are not recorded
  Result run(Duration unmeasured, Duration measured) throws IOException, InterruptedException {
    List<ApiConnection> connections = connect();
    startNanos = System.nanoTime();
    measuredFrom = startNanos + unmeasured.toNanos();
    end = measuredFrom + measured.toNanos();
    List<Thread> threads = new ArrayList<>();
    for (int number = 0; number < connections.size(); number++) {
      int connection = number;
      threads.add(Thread.startVirtualThread(() -> send(connections.get(connection), connection)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    connections.forEach(ApiConnection::close);
    return new Result(micros, failed.get(), failure.get());
  }

  /// A request opens a connection.
  private List<ApiConnection> connect() throws IOException {
    List<ApiConnection> connections = new ArrayList<>();
    for (int connection = 0; connection < plan.connections(); connection++) {
      ApiConnection opened = new ApiConnection(List.of(ingress), CONNECT_TIMEOUT);
      connections.add(opened);
      opened.send("GET", "/livez", null, null);
    }
    return connections;
  }

  private void send(ApiConnection connection, int number) {
    String ticket = null;
    for (long request = 0; ; request++) {
      long planned =
          startNanos
              + (number + request * plan.connections())
                  * TimeUnit.SECONDS.toNanos(1)
                  / plan.perSecond();
      if (planned >= end) {
        return;
      }
      try {
        TimeUnit.NANOSECONDS.sleep(planned - System.nanoTime());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      Kind kind = plan.kind(number, request);
      if (kind == Kind.POLL && ticket == null) {
        kind = Kind.READ;
      }
      ApiResponse answer = send(connection, number, kind, ticket, planned);
      if (kind == Kind.BOOK && answer != null) {
        ticket = Json.INTERNAL.readTree(answer.body()).path("ticketId").asString();
      }
    }
  }

  /// @return null after a failure
  private ApiResponse send(
      ApiConnection connection, int number, Kind kind, String ticket, long planned) {
    try {
      ApiResponse response =
          switch (kind) {
            case BOOK ->
                connection.send(
                    "POST",
                    "/api/v1/reservations",
                    tokens.get(number),
                    "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event));
            case POLL ->
                connection.send("GET", "/api/v1/tickets/" + ticket, tokens.get(number), null);
            case READ -> connection.send("GET", "/api/v1/events/" + event, null, null);
          };
      long answeredAt = System.nanoTime();
      if (response.status() != kind.status) {
        fail(planned, kind + " " + response.status() + " " + response.body());
        return null;
      }
      if (planned >= measuredFrom) {
        micros.get(kind).recordValue(Math.min(answeredAt - planned, MAX_TIME.toNanos()) / 1_000);
      }
      return response;
    } catch (IOException e) {
      fail(planned, kind + " " + e);
      return null;
    }
  }

  private void fail(long planned, String cause) {
    if (planned >= measuredFrom) {
      failed.incrementAndGet();
      failure.compareAndSet(null, cause);
    }
  }
}
