package ticketing.local.demo;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import ticketing.client.ApiConnection;
import ticketing.client.BookingClient;
import ticketing.client.BookingRequest;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.client.Ticket;
import ticketing.client.TicketResult;
import ticketing.client.TicketSocket;

/// Load of an on-sale: each buyer books seats of the same event once and follows the ticket to its
/// final state, by polls or by WebSocket. Uses only the public interfaces. One run per instance.
final class OnSale {

  /// @param bookings request of each buyer.
  /// @param tokens access tokens, one for each buyer.
  /// @param connections HTTP connections for bookings, which bounds the bookings in flight.
  /// @param sockets buyers who follow their ticket by WebSocket instead of polls.
  /// @param timeout limit of the whole run.
  record Plan(
      URI ingress,
      URI notifier,
      List<BookingRequest> bookings,
      String[] tokens,
      int connections,
      int sockets,
      Duration timeout) {}

  private static final int POLL_CONNECTIONS = 8;
  private static final int MAX_CONCURRENT_HANDSHAKES = 64;
  private static final int MAX_ATTEMPTS = 60;
  private static final Duration MIN_RETRY_PAUSE = Duration.ofMillis(100);
  private static final Duration MAX_RETRY_PAUSE = Duration.ofSeconds(1);
  private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);
  private static final int ACCEPTED = 202;

  private record Poll(int buyer, UUID ticketId, long dueNanos) implements Delayed {
    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(dueNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }

  private final Plan plan;
  private final int buyers;
  private final RetryPolicy bookingRetries;
  private final AtomicReferenceArray<TicketResult> submissions;
  private final AtomicReferenceArray<Ticket> finalTickets;
  private final AtomicLongArray firstSentNanos;
  private final AtomicLongArray acceptNanos;
  private final AtomicLongArray decisionNanos;
  private final DelayQueue<Poll> polls = new DelayQueue<>();
  private final CountDownLatch unfinishedBuyers;
  private final AtomicInteger nextBuyer = new AtomicInteger();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicInteger polled = new AtomicInteger();
  private final AtomicInteger pushed = new AtomicInteger();
  private final AtomicInteger repeated = new AtomicInteger();
  private final AtomicInteger lostSockets = new AtomicInteger();
  private final Map<Integer, Boolean> contradictions = new ConcurrentHashMap<>();
  private final Semaphore handshakes = new Semaphore(MAX_CONCURRENT_HANDSHAKES);

  OnSale(Plan plan) {
    this.plan = plan;
    this.buyers = plan.tokens().length;
    this.bookingRetries =
        new RetryPolicy(MAX_ATTEMPTS, plan.timeout(), MIN_RETRY_PAUSE, MAX_RETRY_PAUSE);
    this.submissions = new AtomicReferenceArray<>(buyers);
    this.finalTickets = new AtomicReferenceArray<>(buyers);
    this.firstSentNanos = new AtomicLongArray(buyers);
    this.acceptNanos = new AtomicLongArray(buyers);
    this.decisionNanos = new AtomicLongArray(buyers);
    this.unfinishedBuyers = new CountDownLatch(buyers);
  }

  /// Returns when every buyer has a refusal or a final ticket, or when the time is over.
  ///
  /// @param progress called about once a second
  void run(Runnable progress) throws InterruptedException {
    long deadline = System.nanoTime() + plan.timeout().toNanos();
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      for (int connection = 0; connection < plan.connections(); connection++) {
        threads.execute(() -> bookInTurn(threads));
      }
      for (int connection = 0; connection < POLL_CONNECTIONS; connection++) {
        threads.execute(this::pollInTurn);
      }
      while (!unfinishedBuyers.await(1, TimeUnit.SECONDS) && System.nanoTime() < deadline) {
        progress.run();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  int buyers() {
    return buyers;
  }

  BookingRequest booking(int buyer) {
    return plan.bookings().get(buyer);
  }

  int started() {
    return Math.min(nextBuyer.get(), buyers);
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

  /// Requests repeated after a retryable status or a lost connection.
  int repeated() {
    return repeated.get();
  }

  /// WebSocket connections that ended before the final state; their buyers continue with polls.
  int lostSockets() {
    return lostSockets.get();
  }

  /// Tickets with two different final states.
  int contradictions() {
    return contradictions.size();
  }

  /// Null if the buyer has no response.
  TicketResult submission(int buyer) {
    return submissions.get(buyer);
  }

  /// Null if the buyer has no final state.
  Ticket finalTicket(int buyer) {
    return finalTickets.get(buyer);
  }

  /// Nanoseconds from the request of an accepted booking to its 202.
  long acceptNanos(int buyer) {
    return acceptNanos.get(buyer);
  }

  /// Nanoseconds from the first request to the arrival of the final state.
  long decisionNanos(int buyer) {
    return decisionNanos.get(buyer);
  }

  boolean usesSocket(int buyer) {
    return (long) buyer * plan.sockets() % buyers < plan.sockets();
  }

  private void bookInTurn(ExecutorService threads) {
    try (ApiConnection connection = new ApiConnection(plan.ingress())) {
      for (int buyer = nextBuyer.getAndIncrement();
          buyer < buyers;
          buyer = nextBuyer.getAndIncrement()) {
        TicketResult result = book(connection, buyer);
        submissions.set(buyer, result);
        switch (result) {
          case TicketResult.Success(Ticket ticket, _) -> {
            accepted.incrementAndGet();
            follow(threads, buyer, ticket.ticketId());
          }
          case TicketResult.Refused refused -> unfinishedBuyers.countDown();
          case TicketResult.Unresolved unresolved -> unfinishedBuyers.countDown();
        }
      }
    } catch (InterruptedException e) {
      // The run is over.
      Thread.currentThread().interrupt();
    }
  }

  private TicketResult book(ApiConnection connection, int buyer) throws InterruptedException {
    BookingClient client =
        new BookingClient(
            connection, session(buyer), bookingRetries, attempt -> record(buyer, attempt));
    firstSentNanos.set(buyer, System.nanoTime());
    BookingRequest booking = booking(buyer);
    return client.book(booking, "on-sale-" + booking.eventId());
  }

  private void record(int buyer, BookingClient.Attempt attempt) {
    if (attempt.status() == ACCEPTED) {
      acceptNanos.set(buyer, attempt.elapsed().toNanos());
    } else if (attempt.isRetryable()) {
      repeated.incrementAndGet();
    }
  }

  private void follow(ExecutorService threads, int buyer, UUID ticketId) {
    if (usesSocket(buyer)) {
      threads.execute(() -> followBySocket(buyer, ticketId));
    } else {
      schedulePoll(buyer, ticketId, POLL_INTERVAL);
    }
  }

  private void schedulePoll(int buyer, UUID ticketId, Duration pause) {
    polls.add(new Poll(buyer, ticketId, System.nanoTime() + pause.toNanos()));
  }

  private void pollInTurn() {
    try (ApiConnection connection = new ApiConnection(plan.ingress())) {
      while (true) {
        poll(connection, polls.take());
      }
    } catch (InterruptedException e) {
      // The run is over.
      Thread.currentThread().interrupt();
    }
  }

  private void poll(ApiConnection connection, Poll poll) throws InterruptedException {
    BookingClient client = new BookingClient(connection, session(poll.buyer()), RetryPolicy.NONE);
    switch (client.poll(poll.ticketId(), Duration.ZERO)) {
      case TicketResult.Success(Ticket ticket, Duration retryAfter) -> {
        polled.incrementAndGet();
        if (ticket.isFinal()) {
          finish(poll.buyer(), ticket);
        } else {
          schedulePoll(poll.buyer(), poll.ticketId(), retryAfter);
        }
      }
      case TicketResult.Refused refused -> {
        polled.incrementAndGet();
        Duration pause = refused.retryAfter();
        schedulePoll(poll.buyer(), poll.ticketId(), pause.isZero() ? POLL_INTERVAL : pause);
      }
      case TicketResult.Unresolved unresolved -> {
        repeated.incrementAndGet();
        schedulePoll(poll.buyer(), poll.ticketId(), POLL_INTERVAL);
      }
    }
  }

  private void followBySocket(int buyer, UUID ticketId) {
    try (TicketSocket socket = openSocket(buyer, ticketId)) {
      socket.awaitEnd(plan.timeout());
    } catch (IOException e) {
      // The poll below replaces the connection.
      lostSockets.incrementAndGet();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    if (finalTickets.get(buyer) == null) {
      schedulePoll(buyer, ticketId, POLL_INTERVAL);
    }
  }

  private TicketSocket openSocket(int buyer, UUID ticketId)
      throws IOException, InterruptedException {
    handshakes.acquire();
    try {
      return TicketSocket.openForTicket(
          plan.notifier(),
          ticketId,
          plan.tokens()[buyer],
          new TicketSocket.Listener() {
            @Override
            public void onTicket(Ticket ticket) {
              if (ticket.isFinal()) {
                pushed.incrementAndGet();
                finish(buyer, ticket);
              }
            }

            @Override
            public void onConnectionLost(String cause) {
              if (finalTickets.get(buyer) == null) {
                lostSockets.incrementAndGet();
              }
            }
          });
    } finally {
      handshakes.release();
    }
  }

  private void finish(int buyer, Ticket ticket) {
    Ticket earlier = finalTickets.compareAndExchange(buyer, null, ticket);
    if (earlier == null) {
      decisionNanos.set(buyer, System.nanoTime() - firstSentNanos.get(buyer));
      finished.incrementAndGet();
      unfinishedBuyers.countDown();
    } else if (earlier.status() != ticket.status()) {
      contradictions.put(buyer, true);
    }
  }

  private Session session(int buyer) {
    return Session.ofToken(plan.tokens()[buyer]);
  }
}
