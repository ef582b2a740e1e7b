package ticketing.local.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import tools.jackson.core.JacksonException;

/// Many buyers, each of whom books one seat of the same event and follows the ticket to its end:
/// most by polling, when the server says so, some by WebSocket. Only over the public interfaces.
final class OnSale {

  /// Refusals before anything was queued are answers too; what is left is an error.
  sealed interface Answer {
    record Accepted(Ticket ticket) implements Answer {}

    record Refused(int status, String code) implements Answer {}

    record Failed(String why) implements Answer {}
  }

  /// @param connections HTTP connections that send bookings, and so bookings in flight
  /// @param sockets buyers who wait at a WebSocket
  /// @param timeout for the whole sale
  record Plan(
      URI ingress,
      URI notifier,
      long eventId,
      String seatType,
      String[] tokens,
      int connections,
      int sockets,
      Duration timeout) {}

  private static final int POLLERS = 8;
  private static final int CONNECTING = 64;
  private static final int TRIES = 60;
  private static final Duration CONNECT = Duration.ofSeconds(15);

  private record Poll(int buyer, String ticketId, long due) implements Delayed {
    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(due - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }

  private final Plan plan;
  private final int buyers;
  private final AtomicReferenceArray<Answer> answers;
  private final AtomicReferenceArray<Ticket> ends;
  private final AtomicLongArray sent;
  private final AtomicLongArray acceptNanos;
  private final AtomicLongArray knownNanos;
  private final DelayQueue<Poll> polls = new DelayQueue<>();
  private final CountDownLatch open;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicInteger polled = new AtomicInteger();
  private final AtomicInteger pushed = new AtomicInteger();
  private final AtomicInteger retried = new AtomicInteger();
  private final AtomicInteger brokenSockets = new AtomicInteger();
  private final Map<Integer, Boolean> contradictions = new ConcurrentHashMap<>();
  private final Semaphore connecting = new Semaphore(CONNECTING);

  OnSale(Plan plan) {
    this.plan = plan;
    this.buyers = plan.tokens().length;
    this.answers = new AtomicReferenceArray<>(buyers);
    this.ends = new AtomicReferenceArray<>(buyers);
    this.sent = new AtomicLongArray(buyers);
    this.acceptNanos = new AtomicLongArray(buyers);
    this.knownNanos = new AtomicLongArray(buyers);
    this.open = new CountDownLatch(buyers);
  }

  /// Returns when every buyer knows the end, or the time is up.
  ///
  /// @param progress called about once a second
  void run(Runnable progress) throws InterruptedException {
    long deadline = System.nanoTime() + plan.timeout().toNanos();
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    HttpClient sockets =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .executor(threads)
            .build();
    try {
      for (int connection = 0; connection < plan.connections(); connection++) {
        threads.submit(() -> book(threads, sockets));
      }
      for (int poller = 0; poller < POLLERS; poller++) {
        threads.submit(this::poll);
      }
      while (!open.await(1, TimeUnit.SECONDS) && System.nanoTime() < deadline) {
        progress.run();
      }
    } finally {
      threads.shutdownNow();
      sockets.shutdownNow();
    }
  }

  int buyers() {
    return buyers;
  }

  int answered() {
    return Math.min(next.get(), buyers);
  }

  int accepted() {
    return accepted.get();
  }

  int finished() {
    return finished.get();
  }

  int polled() {
    return polled.get();
  }

  int pushed() {
    return pushed.get();
  }

  /// Requests repeated because the server was busy (429, 503) or the connection broke.
  int retried() {
    return retried.get();
  }

  /// Sockets that broke before the end; their buyers went on by polling.
  int brokenSockets() {
    return brokenSockets.get();
  }

  /// Tickets that were told two different ends.
  int contradictions() {
    return contradictions.size();
  }

  /// Null if the buyer got none.
  Answer answer(int buyer) {
    return answers.get(buyer);
  }

  /// Null if the buyer does not know the end.
  Ticket end(int buyer) {
    return ends.get(buyer);
  }

  /// From the request of an accepted booking to its 202, in nanoseconds.
  long acceptNanos(int buyer) {
    return acceptNanos.get(buyer);
  }

  /// From the request to the buyer's knowledge of the end, in nanoseconds.
  long knownNanos(int buyer) {
    return knownNanos.get(buyer);
  }

  boolean waitsAtSocket(int buyer) {
    return (long) buyer * plan.sockets() % buyers < plan.sockets();
  }

  private void book(ExecutorService threads, HttpClient sockets) {
    String body =
        "{\"eventId\":%d,\"seatType\":\"%s\",\"quantity\":1}"
            .formatted(plan.eventId(), plan.seatType());
    try (HttpConnection connection = new HttpConnection(plan.ingress())) {
      for (int buyer = next.getAndIncrement(); buyer < buyers; buyer = next.getAndIncrement()) {
        Answer answer = book(connection, buyer, body);
        answers.set(buyer, answer);
        switch (answer) {
          case Answer.Accepted(Ticket ticket) -> {
            accepted.incrementAndGet();
            follow(threads, sockets, buyer, ticket.ticketId().toString());
          }
          case Answer.Refused refused -> open.countDown();
          case Answer.Failed failed -> open.countDown();
        }
      }
    } catch (InterruptedException e) {
      // The sale is over.
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // Only closing can fail here, and nobody needs this connection any more.
      next.get();
    }
  }

  /// The key makes the repetition of a request safe whose answer was lost.
  private Answer book(HttpConnection connection, int buyer, String body)
      throws InterruptedException {
    String headers = authorization(buyer) + "Idempotency-Key: on-sale-" + plan.eventId() + "\r\n";
    String why = "";
    for (int attempt = 0; attempt < TRIES; attempt++) {
      long start = System.nanoTime();
      sent.compareAndSet(buyer, 0, start);
      try {
        HttpConnection.Response response =
            connection.send("POST", "/api/v1/reservations", headers, body);
        switch (response.status()) {
          case 202 -> {
            acceptNanos.set(buyer, System.nanoTime() - start);
            return new Answer.Accepted(Json.INTERNAL.readValue(response.body(), Ticket.class));
          }
          case 429, 503 -> {
            why = "still " + response.status() + " after " + TRIES + " tries";
            retried.incrementAndGet();
            TimeUnit.SECONDS.sleep(response.retryAfter(1));
          }
          default -> {
            return new Answer.Refused(response.status(), code(response.body()));
          }
        }
      } catch (IOException | JacksonException e) {
        why = e.toString();
        retried.incrementAndGet();
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
    return new Answer.Failed(why);
  }

  private void follow(ExecutorService threads, HttpClient sockets, int buyer, String ticketId) {
    if (waitsAtSocket(buyer)) {
      threads.submit(() -> watch(sockets, buyer, ticketId));
    } else {
      pollLater(buyer, ticketId, 1);
    }
  }

  private void pollLater(int buyer, String ticketId, long seconds) {
    polls.add(new Poll(buyer, ticketId, System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds)));
  }

  private void poll() {
    try (HttpConnection connection = new HttpConnection(plan.ingress())) {
      while (true) {
        Poll poll = polls.take();
        long wait = 1;
        try {
          HttpConnection.Response response =
              connection.send(
                  "GET", "/api/v1/tickets/" + poll.ticketId(), authorization(poll.buyer()), null);
          polled.incrementAndGet();
          if (response.status() == 200) {
            Ticket ticket = Json.INTERNAL.readValue(response.body(), Ticket.class);
            if (ticket.status().isFinal()) {
              end(poll.buyer(), ticket);
              continue;
            }
          }
          wait = response.retryAfter(1);
        } catch (IOException | JacksonException e) {
          retried.incrementAndGet();
        }
        pollLater(poll.buyer(), poll.ticketId(), wait);
      }
    } catch (InterruptedException e) {
      // The sale is over.
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // Only closing can fail here, and nobody needs this connection any more.
      polls.size();
    }
  }

  private void watch(HttpClient sockets, int buyer, String ticketId) {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    URI uri =
        URI.create("ws" + plan.notifier().toString().substring(4) + "/ws/tickets/" + ticketId);
    try {
      connecting.acquire();
      try {
        sockets
            .newWebSocketBuilder()
            .connectTimeout(CONNECT)
            .header("Authorization", "Bearer " + plan.tokens()[buyer])
            .buildAsync(uri, new Frames(buyer, closed))
            .get(CONNECT.toSeconds(), TimeUnit.SECONDS);
      } finally {
        connecting.release();
      }
      closed.get(plan.timeout().toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (ExecutionException | TimeoutException e) {
      // Seen below: the end is not known.
      closed.cancel(true);
    }
    if (ends.get(buyer) == null) {
      brokenSockets.incrementAndGet();
      pollLater(buyer, ticketId, 1);
    }
  }

  private final class Frames implements WebSocket.Listener {
    private final int buyer;
    private final CompletableFuture<Void> closed;
    private final StringBuilder text = new StringBuilder();

    Frames(int buyer, CompletableFuture<Void> closed) {
      this.buyer = buyer;
      this.closed = closed;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        Ticket ticket = Json.INTERNAL.readValue(text.toString(), Ticket.class);
        text.setLength(0);
        if (ticket.status() != null && ticket.status().isFinal()) {
          pushed.incrementAndGet();
          end(buyer, ticket);
        }
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      closed.complete(null);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      closed.completeExceptionally(error);
    }
  }

  private void end(int buyer, Ticket ticket) {
    Ticket before = ends.compareAndExchange(buyer, null, ticket);
    if (before == null) {
      knownNanos.set(buyer, System.nanoTime() - sent.get(buyer));
      finished.incrementAndGet();
      open.countDown();
    } else if (before.status() != ticket.status()) {
      contradictions.put(buyer, true);
    }
  }

  private String authorization(int buyer) {
    return "Authorization: Bearer " + plan.tokens()[buyer] + "\r\n";
  }

  private static String code(String problem) {
    return Json.INTERNAL.readTree(problem).path("code").asString("?");
  }
}
