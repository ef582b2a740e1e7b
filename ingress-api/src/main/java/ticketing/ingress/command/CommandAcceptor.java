package ticketing.ingress.command;

import jakarta.annotation.PreDestroy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.batchmanager.SqsAsyncBatchManager;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.SendMessageRequest;
import ticketing.concurrent.BatchingExecutor;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Ticket;
import ticketing.ingress.command.CommandMetrics.Acceptance;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.ticket.BoardGaps;
import ticketing.ingress.ticket.DecisionReader;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.tracing.Traces;

/// The way in: whatever [#accept] returns a ticket for is durably queued or decided already, and
/// whatever it throws for has no effect.
///
/// A send that ran into its time limit may have reached the queue all the same, or reach it yet.
/// Such a command is withdrawn ([CommandRevoker]) before its request is refused. The one doubt that
/// is left is a double fault: neither the queue nor the database answers. Then the request is
/// refused, and the command, if the queue has it, is decided like any other; a client that repeats
/// with the same `Idempotency-Key` gets that decision.
@Component
public class CommandAcceptor {

  private static final Logger log = LoggerFactory.getLogger(CommandAcceptor.class);

  /// Most messages of one call (SQS).
  private static final int BATCH = 10;

  /// Most round trips to the queue at a time, and most calls in each; while they are under way
  /// commands gather for the next.
  private static final int ROUND_TRIPS = 8;

  private static final int CALLS = 10;

  /// How often a message is sent at most, while it is in doubt.
  private static final int TRIES = 2;

  private static final Duration RETRY = Duration.ofSeconds(2);

  /// What the queue said to a command.
  private sealed interface Sent {
    record Taken() implements Sent {}

    /// It does not have it, and will not get it.
    record Refused(String why) implements Sent {}

    /// It may have it, or get it yet.
    record InDoubt(String why) implements Sent {}
  }

  private final QueueUrls urls;
  private final SqsAsyncBatchManager sender;
  private final Flushes gathering = new Flushes();
  private final StatusStore board;
  private final DecisionReader ledger;
  private final BacklogLimit backlog;
  private final BoardGaps gaps;
  private final CommandRevoker withdrawals;
  private final Clock clock;
  private final QueueSettings settings;
  private final CommandMetrics metrics;
  private final Semaphore inFlight;

  /// A command on its way.
  ///
  /// @param trace see [Traces]; null if it is not sampled
  /// @param taken by whoever sends it, or by whoever has waited in vain for its turn: not by both
  private record Outgoing(Command command, String trace, AtomicBoolean taken) {

    boolean take() {
      return taken.compareAndSet(false, true);
    }
  }

  private record Sending(Outgoing outgoing, CompletableFuture<Sent> sent) {}

  private final BatchingExecutor<Outgoing, Sent> outgoing;

  CommandAcceptor(
      SqsAsyncClient sqs,
      QueueUrls urls,
      StatusStore board,
      DecisionReader ledger,
      BacklogLimit backlog,
      BoardGaps gaps,
      CommandRevoker withdrawals,
      Clock clock,
      QueueSettings settings,
      CommandMetrics metrics) {
    this.metrics = metrics;
    this.urls = urls;
    this.board = board;
    this.ledger = ledger;
    this.backlog = backlog;
    this.gaps = gaps;
    this.withdrawals = withdrawals;
    this.clock = clock;
    this.settings = settings;
    this.inFlight = new Semaphore(this.settings.maxInFlight());
    this.outgoing =
        new BatchingExecutor<>(
            "outgoing",
            CALLS * BATCH * this.settings.commandsPerMessage(),
            ROUND_TRIPS,
            this::send);
    this.sender =
        SqsAsyncBatchManager.builder()
            .client(sqs)
            .scheduledExecutor(gathering)
            .overrideConfiguration(
                batches ->
                    batches.maxBatchSize(BATCH).sendRequestFrequency(this.settings.gathering()))
            .build();
  }

  /// Queues a command under the time of its acceptance.
  ///
  /// @param command makes the command for a given time of acceptance; one with a fingerprint may be
  ///   a repeat and then gets the ticket of its first time
  /// @return pending, or decided if it was decided before this is over
  /// @throws Problem `QUEUE_UNAVAILABLE` if the queue does not have it, `IDEMPOTENCY_KEY_REUSED` if
  ///   the ticket belongs to something else
  public Ticket accept(Function<Instant, Command> command) {
    Command now = command.apply(clock.instant().truncatedTo(ChronoUnit.MICROS));
    Acceptance result = Acceptance.REFUSED;
    try (var _ = MDC.putCloseable("ticket", now.ticketId().toString());
        var _ = MDC.putCloseable("event", String.valueOf(now.eventId()))) {
      Ticket ticket = now.fingerprint() == null ? acceptOnce(now) : acceptRepeatable(command, now);
      boolean first = ticket.acceptedAt().equals(now.acceptedAt());
      result = first ? Acceptance.ACCEPTED : Acceptance.REPEATED;
      return ticket;
    } catch (ApiException problem) {
      if (problem.code() == ErrorCode.IDEMPOTENCY_KEY_REUSED) {
        result = Acceptance.MISUSED;
      }
      throw problem;
    } finally {
      metrics.countAcceptance(now.action(), result);
    }
  }

  private Ticket acceptOnce(Command command) {
    StatusEntry pending = StatusEntry.pending(command);
    Sending sending = send(command);
    CompletableFuture<StatusStore.Stored> opened = board.storePending(pending);
    Optional<Ticket> decided;
    try {
      decided = await(sending);
    } catch (ApiException refused) {
      joined(
          opened.handle((there, failure) -> there).thenCompose(x -> board.removePending(pending)));
      throw refused;
    }
    Ticket ticket = told(joined(opened)).map(StatusStore.Stored::ticket).orElse(pending.ticket());
    return decided.orElse(ticket);
  }

  /// Takes note whether the board has what was queued.
  private Optional<StatusStore.Stored> told(Optional<StatusStore.Stored> opened) {
    if (opened.isPresent()) {
      gaps.writable();
    } else {
      gaps.missed();
    }
    return opened;
  }

  private Ticket acceptRepeatable(Function<Instant, Command> command, Command now) {
    StatusEntry mine = StatusEntry.pending(now);
    Optional<StatusStore.Stored> opened = joined(board.storePending(mine));
    Optional<StatusEntry> there = opened.flatMap(StatusStore.Stored::earlier);
    if (there.isPresent()) {
      return repeat(command, there.get(), now.fingerprint());
    }
    try {
      Optional<StatusEntry> decided = ledger.findIfReadable(now.ticketId());
      if (decided.isPresent()) {
        joined(board.removePending(mine));
        return same(decided.get(), now.fingerprint());
      }
      Optional<Ticket> later = await(send(now));
      Ticket ticket = told(opened).map(StatusStore.Stored::ticket).orElse(mine.ticket());
      return later.orElse(ticket);
    } catch (ApiException refused) {
      joined(board.removePending(mine));
      throw refused;
    }
  }

  /// The first attempt's send may still fail, so a repeat of an undecided one sends as well.
  private Ticket repeat(
      Function<Instant, Command> command, StatusEntry earlier, String fingerprint) {
    Ticket ticket = same(earlier, fingerprint);
    if (ticket.status().isFinal()) {
      return ticket;
    }
    Command again = command.apply(ticket.acceptedAt());
    Optional<Ticket> decided = await(send(again));
    if (decided.isPresent()) {
      return decided.get();
    }
    return told(joined(board.claimPending(StatusEntry.pending(again))))
        .map(StatusStore.Stored::ticket)
        .orElse(ticket);
  }

  /// Whether an earlier request got this ticket, or may have got it as far as can be read.
  public boolean mayKnow(UUID ticketId) {
    try {
      return board.find(ticketId).isPresent() || ledger.findIfReadable(ticketId).isPresent();
    } catch (RedisUnavailableException e) {
      return true;
    }
  }

  private static Ticket same(StatusEntry entry, String fingerprint) {
    if (!fingerprint.equals(entry.fingerprint())) {
      throw ApiException.of(
          ErrorCode.IDEMPOTENCY_KEY_REUSED,
          "This Idempotency-Key was used for another request before.");
    }
    return entry.ticket();
  }

  /// @throws Problem at once where there is too much to do already. A flood of these must cost next
  ///   to nothing: nothing is stored or taken back, and nothing is logged, as the metrics count
  ///   them
  private Sending send(Command command) {
    if (!backlog.admits() || !inFlight.tryAcquire()) {
      throw unavailable();
    }
    Outgoing one = new Outgoing(command, Traces.current(), new AtomicBoolean());
    CompletableFuture<Sent> sent = outgoing.submit(one);
    sent.whenComplete((taken, failure) -> inFlight.release());
    return new Sending(one, sent);
  }

  /// Packs what waits for the same event into messages, and hands them to the queue together.
  private List<Sent> send(List<Outgoing> commands) {
    Sent[] results = new Sent[commands.size()];
    Map<Long, List<Integer>> byEvent = new LinkedHashMap<>();
    for (int i = 0; i < commands.size(); i++) {
      if (commands.get(i).take()) {
        byEvent
            .computeIfAbsent(commands.get(i).command().eventId(), id -> new ArrayList<>())
            .add(i);
      } else {
        results[i] = new Sent.Refused("not sent in time");
      }
    }
    Map<List<Integer>, CompletableFuture<Sent>> messages = new LinkedHashMap<>();
    byEvent.forEach(
        (eventId, places) -> {
          for (int from = 0; from < places.size(); from += settings.commandsPerMessage()) {
            int to = Math.min(from + settings.commandsPerMessage(), places.size());
            List<Integer> packed = places.subList(from, to);
            messages.put(packed, send(eventId, packed.stream().map(commands::get).toList()));
          }
        });
    messages.forEach((packed, sent) -> packed.forEach(place -> results[place] = sent.join()));
    return List.of(results);
  }

  private CompletableFuture<Sent> send(long eventId, List<Outgoing> packed) {
    String body = CommandCodec.encode(packed.stream().map(Outgoing::command).toList());
    Map<String, MessageAttributeValue> trace =
        attributes(Traces.join(packed.stream().map(Outgoing::trace).toList()));
    return urls.bookings()
        .handle(
            (to, failure) ->
                failure != null
                    ? CompletableFuture.<Sent>completedFuture(new Sent.Refused(reason(failure)))
                    : deliver(
                        SendMessageRequest.builder()
                            .queueUrl(to)
                            .messageBody(body)
                            .messageAttributes(trace)
                            .messageGroupId(String.valueOf(eventId))
                            .build(),
                        TRIES))
        .thenCompose(sent -> sent)
        .completeOnTimeout(
            new Sent.InDoubt("no answer in time"),
            settings.timeout().toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /// Sends it again while that may end the doubt: what arrives twice is decided once. A later
  /// refusal does not end it.
  private CompletableFuture<Sent> deliver(SendMessageRequest message, int tries) {
    return sender
        .sendMessage(message)
        .handle((taken, failure) -> failure == null ? new Sent.Taken() : failed(failure))
        .thenCompose(
            first ->
                first instanceof Sent.InDoubt && tries > 1
                    ? deliver(message, tries - 1)
                        .thenApply(second -> second instanceof Sent.Taken ? second : first)
                    : CompletableFuture.completedFuture(first));
  }

  private static Sent failed(Throwable failure) {
    return SqsErrors.isRefusal(failure)
        ? new Sent.Refused(reason(failure))
        : new Sent.InDoubt(reason(failure));
  }

  private static Map<String, MessageAttributeValue> attributes(String trace) {
    return trace.isEmpty()
        ? Map.of()
        : Map.of(
            Traces.ATTRIBUTE,
            MessageAttributeValue.builder().dataType("String").stringValue(trace).build());
  }

  /// Waits until the command is queued.
  ///
  /// @return the decision, if that was all that could be learnt: then the queue had it
  /// @throws Problem if it has no effect
  private Optional<Ticket> await(Sending sending) {
    return switch (result(sending)) {
      case Sent.Taken taken -> Optional.empty();
      case Sent.Refused refused -> {
        log.warn("The queue did not take a command: {}", refused.why());
        throw unavailable();
      }
      case Sent.InDoubt doubt -> withdraw(sending.outgoing().command(), doubt.why());
    };
  }

  private Sent result(Sending sending) {
    try {
      return sending.sent().get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return giveUp(sending, "no answer in time");
    } catch (ExecutionException e) {
      return failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return giveUp(sending, "interrupted");
    }
  }

  /// If it still waits for its turn, it does not go out any more.
  private static Sent giveUp(Sending sending, String why) {
    boolean waits = sending.outgoing().take();
    if (waits) {
      sending.sent().cancel(false);
    }
    return waits ? new Sent.Refused("not sent in time") : new Sent.InDoubt(why);
  }

  private Optional<Ticket> withdraw(Command command, String why) {
    return switch (withdrawals.withdraw(command)) {
      case CommandRevoker.Outcome.Withdrawn withdrawn -> {
        log.warn("A command was withdrawn, as the queue did not confirm it: {}", why);
        throw unavailable();
      }
      case CommandRevoker.Outcome.Decided decided -> {
        log.warn("A command is decided which the queue did not confirm: {}", why);
        yield Optional.of(
            command.fingerprint() == null
                ? decided.decision().ticket()
                : same(decided.decision(), command.fingerprint()));
      }
      case CommandRevoker.Outcome.Unknown unknown -> {
        log.error(
            "A command is refused that may yet be decided: {}; not withdrawn: {}",
            why,
            unknown.why());
        throw unavailable();
      }
    };
  }

  public static ApiException unavailable() {
    return ApiException.withRetryAfter(
        ErrorCode.QUEUE_UNAVAILABLE, "The queue does not take requests right now.", RETRY);
  }

  /// The board is a help, not a condition: empty if it cannot be reached or read. What is queued
  /// must not be answered with an error.
  private static <T> Optional<T> joined(CompletableFuture<T> step) {
    try {
      return Optional.ofNullable(step.join());
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof RedisUnavailableException)) {
        log.error("The board cannot be used", e);
      }
      return Optional.empty();
    }
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getClass().getSimpleName() + ": " + cause.getMessage();
  }

  @PreDestroy
  void close() {
    sender.close();
    gathering.shutdown();
  }
}
