package ticketing.ingress.ticket;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.Ticket;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Registry of open long polls, limited in total and for each user. An open poll uses no thread.
///
/// A poll is registered ahead of the first read of its ticket, so a decision is either read or
/// received.
@Component
class LongPolls implements DecisionObserver {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);
  private static final long REREAD_NANOS = Duration.ofSeconds(3).toNanos();

  private final int max;
  private final int maxPerUser;
  private final ConcurrentHashMap<UUID, Set<Poll>> polls = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Integer> users = new ConcurrentHashMap<>();
  private final AtomicInteger count = new AtomicInteger();
  private volatile boolean closed;

  LongPolls(TicketSettings settings, MeterRegistry registry) {
    this.max = settings.maxLongPolls();
    this.maxPerUser = settings.maxLongPollsPerUser();
    Gauge.builder("ticketing.waiters", count, AtomicInteger::get)
        .description("Requests that wait for a decision")
        .register(registry);
  }

  /// Long poll of one ticket.
  final class Poll {

    private final String userId;
    private final UUID ticketId;
    private final long endNanos;
    private volatile long rereadNanos = System.nanoTime() + REREAD_NANOS;
    private @Nullable Runnable ready;
    private @Nullable Ticket decision;
    private boolean ended;
    private boolean removed;

    private Poll(String userId, UUID ticketId, Duration timeout) {
      this.userId = userId;
      this.ticketId = ticketId;
      this.endNanos = System.nanoTime() + timeout.toNanos();
    }

    /// Runs `ready` once: when the ticket is decided, or at the end of the poll.
    void onEnd(Runnable ready) {
      synchronized (this) {
        this.ready = ready;
        if (!ended) {
          return;
        }
      }
      ready.run();
    }

    /// Decision that ended the poll; empty at its timeout.
    synchronized Optional<Ticket> decision() {
      return Optional.ofNullable(decision);
    }

    private void end(@Nullable Ticket decided) {
      Runnable callback;
      synchronized (this) {
        if (ended) {
          return;
        }
        ended = true;
        decision = decided;
        callback = ready;
      }
      if (callback != null) {
        callback.run();
      }
    }

    /// Frees the place of the poll. Idempotent.
    void remove() {
      synchronized (this) {
        if (removed) {
          return;
        }
        removed = true;
      }
      polls.computeIfPresent(
          ticketId,
          (id, known) -> {
            known.remove(this);
            return known.isEmpty() ? null : known;
          });
      release(userId);
    }
  }

  /// Registers a poll. The caller removes it.
  ///
  /// @throws ApiException `RATE_LIMITED` if the user or this process has its maximum number of
  ///   polls
  Poll register(String userId, UUID ticketId, Duration timeout) {
    if (count.incrementAndGet() > max) {
      count.decrementAndGet();
      throw rejection("This instance has its maximum number of long polls.");
    }
    if (users.merge(userId, 1, Integer::sum) > maxPerUser) {
      release(userId);
      throw rejection("You have the maximum number of long polls.");
    }
    Poll poll = new Poll(userId, ticketId, closed ? Duration.ZERO : timeout);
    polls.compute(
        ticketId,
        (id, known) -> {
          // One poll of a ticket is the usual case, and the smallest set.
          Set<Poll> all = known == null ? ConcurrentHashMap.newKeySet(1) : known;
          all.add(poll);
          return all;
        });
    return poll;
  }

  private void release(String userId) {
    users.computeIfPresent(userId, (id, open) -> open == 1 ? null : open - 1);
    count.decrementAndGet();
  }

  private static ApiException rejection(String detail) {
    return ApiException.withRetryAfter(ErrorCode.RATE_LIMITED, detail, RETRY_AFTER);
  }

  boolean isAwaited(UUID ticketId) {
    return polls.containsKey(ticketId);
  }

  int count() {
    return count.get();
  }

  @Override
  public void decided(Ticket ticket) {
    Set<Poll> known = polls.get(ticket.ticketId());
    if (known != null) {
      known.forEach(poll -> poll.end(ticket));
    }
  }

  @Override
  public void resubscribed() {
    long now = System.nanoTime();
    polls.values().forEach(known -> known.forEach(poll -> poll.rereadNanos = now));
  }

  /// Ends the polls whose time is over.
  ///
  /// @return tickets to read again, because their decision may have been missed
  List<UUID> endOverdue() {
    long now = System.nanoTime();
    List<UUID> reread = new ArrayList<>();
    polls.forEach((ticketId, known) -> {
      boolean due = false;
      for (Poll poll : known) {
        if (closed || now - poll.endNanos >= 0) {
          poll.end(null);
        } else if (now - poll.rereadNanos >= 0) {
          poll.rereadNanos = now + REREAD_NANOS;
          due = true;
        }
      }
      if (due) {
        reread.add(ticketId);
      }
    });
    return reread;
  }

  /// Ends all polls, and each new one immediately.
  void close() {
    closed = true;
    endOverdue();
  }

  /// Permits new polls.
  void open() {
    closed = false;
  }
}
