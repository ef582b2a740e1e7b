package ticketing.ingress.decisionmail;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.mail.Mail;
import ticketing.ingress.mail.MailQueue;

/// Job that mails decisions, expiries, offers and changed events, each at most once.
///
/// The numbers of an event are consecutive in the order of the commits, so one cursor per event
/// covers all sources. The cursor moves ahead of the send: a crash in between loses the mails of
/// one round. A compare-and-set of the cursor excludes a second mail also if two processes run the
/// job. One process has the lease, so the limit of mails a second holds for all processes.
///
/// Decisions are not delayed: the job reads committed rows without locks, from a replica if there
/// is one, in bounded batches.
@Component
class DecisionMailJob implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(DecisionMailJob.class);
  private static final String JOB = "decision-mails";
  private static final String STATE = "STATE";
  private static final int MAX_EVENTS = 200; // in one round
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

  private final MailCursorRepository cursors;
  private final ReplicaReader replica;
  private final EventCatalog catalog;
  private final MailQueue mails;
  private final DecisionMailSettings settings;
  private final Clock clock;
  private final String holder = UUID.randomUUID().toString();
  private volatile @Nullable ScheduledExecutorService scheduler;
  private long lastEvent;

  DecisionMailJob(
      MailCursorRepository cursors,
      ReplicaReader replica,
      EventCatalog catalog,
      MailQueue mails,
      DecisionMailSettings settings,
      Clock clock) {
    this.cursors = cursors;
    this.replica = replica;
    this.catalog = catalog;
    this.mails = mails;
    this.settings = settings;
    this.clock = clock;
  }

  /// Row about a reservation.
  private record SeatsStep(DecisionMail.Kind kind, MailCursorRepository.Seats seats) {}

  /// Recorded change of an event for its users.
  private record EventChange(DecisionMail.Kind kind, EventView event) {}

  /// Next position of a cursor, with the mails up to it.
  ///
  /// @param change null: only mails about reservations
  /// @param users emails for the change
  private record Claim(
      MailCursorRepository.Due due,
      long sequence,
      String lastUser,
      List<SeatsStep> steps,
      @Nullable EventChange change,
      List<String> users) {

    int size() {
      return steps.size() + users.size();
    }
  }

  /// @param lastEvent the next round continues after this event
  private record Round(List<Claim> claims, long lastEvent) {}

  private void runLogged() {
    try {
      run();
    } catch (DataAccessException | TransactionException e) {
      log.warn("cannot read decisions for mails, cause={}", e.getClass().getSimpleName());
    } catch (RuntimeException e) {
      log.error("cannot mail decisions", e);
    }
  }

  /// Runs one round.
  void run() {
    Instant now = clock.instant();
    int budget = Math.min(settings.maxPerRound(), mails.freeForBulk());
    if (budget <= 0 || cursors.lease(JOB, holder, now, now.plus(settings.lease())) == 0) {
      return;
    }
    Round round = replica.read(() -> readRound(lastEvent, budget, now));
    lastEvent = round.lastEvent();
    for (Claim claim : round.claims()) {
      send(claim, now);
    }
  }

  /// Sends the mails of a claim. A failure ahead of the move is retried by a later round.
  private void send(Claim claim, Instant now) {
    List<Mail> composed;
    try {
      composed = compose(claim, now);
    } catch (DataAccessException | TransactionException e) {
      throw e; // of the database, not of the event
    } catch (RuntimeException e) {
      logBroken(claim.due().getEventId(), e);
      return;
    }
    if (move(claim)) {
      composed.forEach(mails::submitOnce);
    }
  }

  private static void logBroken(long eventId, RuntimeException failure) {
    log.error("cannot compose mails, event={}", eventId, failure);
  }

  /// Reads all claims of a round in one transaction, because another one may read an older replica.
  /// It has no side effects, because a read may run twice.
  private Round readRound(long after, int budget, Instant now) {
    List<MailCursorRepository.Due> due = cursors.findDue(now, after, MAX_EVENTS);
    int share = Math.max(1, budget / Math.max(1, due.size()));
    List<Claim> claims = new ArrayList<>();
    int rest = budget;
    long last = 0;
    for (MailCursorRepository.Due event : due) {
      if (rest == 0) {
        return new Round(claims, last);
      }
      last = event.getEventId();
      Optional<Claim> claim = readable(event, Math.min(share, rest), now);
      if (claim.isPresent()) {
        claims.add(claim.get());
        rest -= claim.get().size();
      }
    }
    // Starts with the first event again after the last page.
    return new Round(claims, due.size() == MAX_EVENTS ? last : 0);
  }

  /// Returns empty for an event with an unreadable row, so that the other events get their mails.
  private Optional<Claim> readable(MailCursorRepository.Due due, int max, Instant now) {
    try {
      return Optional.of(read(due, max, now));
    } catch (DataAccessException | TransactionException e) {
      throw e; // of the database, not of the event
    } catch (RuntimeException e) {
      logBroken(due.getEventId(), e);
      return Optional.empty();
    }
  }

  private Claim read(MailCursorRepository.Due due, int max, Instant now) {
    long eventId = due.getEventId();
    long to = Math.min(due.getHead(), due.getMailed() + settings.maxScanned());
    List<MailCursorRepository.Step> steps =
        cursors.findSteps(eventId, due.getMailed(), to, now.minus(settings.maxAge()), max);
    Map<Long, MailCursorRepository.Seats> seats = findSeats(steps);
    List<SeatsStep> claimed = new ArrayList<>();
    for (MailCursorRepository.Step step : steps) {
      if (step.getKind().equals(STATE)) {
        Optional<EventChange> change = findChange(eventId, step.getStep());
        if (change.isPresent()) {
          return claimed.isEmpty()
              ? toUsers(due, step.getStep(), change.get(), max)
              : new Claim(due, step.getStep() - 1, "", claimed, null, List.of());
        }
      } else if (seats.containsKey(step.getReservationId())) {
        claimed.add(
            new SeatsStep(
                DecisionMail.Kind.valueOf(step.getKind()), seats.get(step.getReservationId())));
      }
    }
    long last = steps.size() < max ? to : steps.getLast().getStep();
    return new Claim(due, last, "", claimed, null, List.of());
  }

  private Map<Long, MailCursorRepository.Seats> findSeats(List<MailCursorRepository.Step> steps) {
    List<Long> ids =
        steps.stream().map(MailCursorRepository.Step::getReservationId).distinct().toList();
    return ids.isEmpty()
        ? Map.of()
        : cursors.findSeats(ids).stream()
            .collect(
                Collectors.toMap(
                    MailCursorRepository.Seats::getReservationId, Function.identity()));
  }

  private Optional<EventChange> findChange(long eventId, long sequence) {
    return cursors.findStateChange(eventId, sequence).stream()
        .findFirst()
        .flatMap(change -> {
          EventView former = Json.INTERNAL.readValue(change.getFormer(), EventView.class);
          EventView event = Json.INTERNAL.readValue(change.getState(), EventView.class);
          return kindOf(former, event).map(kind -> new EventChange(kind, event));
        });
  }

  private static Optional<DecisionMail.Kind> kindOf(EventView former, EventView event) {
    if (event.status() == EventStatus.CANCELLED) {
      return former.status() == EventStatus.CANCELLED
          ? Optional.empty()
          : Optional.of(DecisionMail.Kind.EVENT_CANCELLED);
    }
    boolean isSame =
        event.eventDate().equals(former.eventDate())
            && Objects.equals(event.venueName(), former.venueName())
            && Objects.equals(event.venueAddress(), former.venueAddress());
    return isSame ? Optional.empty() : Optional.of(DecisionMail.Kind.EVENT_MOVED);
  }

  /// Claims the next users of a change. The cursor passes the change with its last user.
  private Claim toUsers(MailCursorRepository.Due due, long sequence, EventChange change, int max) {
    boolean isStarted = due.getMailed() == sequence - 1;
    String after = isStarted ? due.getLastUser() : "";
    List<String> users = catalog.findUsers(due.getEventId(), after, max);
    List<String> emails = users.isEmpty() ? List.of() : cursors.findEmails(users);
    return users.size() < max
        ? new Claim(due, sequence, "", List.of(), change, emails)
        : new Claim(due, sequence - 1, users.getLast(), List.of(), change, emails);
  }

  private List<Mail> compose(Claim claim, Instant now) {
    EventChange change = claim.change();
    if (change != null) {
      return claim.users().stream()
          .map(email -> DecisionMail.of(change.kind(), change.event(), email, settings.pageUri()))
          .toList();
    }
    if (claim.steps().isEmpty()) {
      return List.of();
    }
    EventView event = catalog.get(claim.due().getEventId());
    return claim.steps().stream()
        .flatMap(step ->
            DecisionMail.of(step.kind(), event, step.seats(), settings.pageUri(), now).stream())
        .toList();
  }

  /// Moves the cursor to the position of a claim.
  ///
  /// @return false if another process has moved it
  private boolean move(Claim claim) {
    MailCursorRepository.Due due = claim.due();
    long eventId = due.getEventId();
    if (due.getCursorCount() == 0) {
      try {
        return cursors.insert(eventId, claim.sequence(), claim.lastUser()) > 0;
      } catch (DataIntegrityViolationException e) {
        return false;
      }
    }
    return cursors.move(
            eventId, due.getMailed(), due.getLastUser(), claim.sequence(), claim.lastUser())
        > 0;
  }

  @Override
  public void start() {
    if (!settings.enabled() || !mails.isDelivering()) {
      return;
    }
    ScheduledExecutorService started =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("decision-mails-", 0).factory());
    long interval = settings.interval().toMillis();
    started.scheduleWithFixedDelay(this::runLogged, interval, interval, TimeUnit.MILLISECONDS);
    scheduler = started;
  }

  /// Completes a round that runs, within one second, so that its mails reach the queue of mails.
  @Override
  public void stop() {
    ScheduledExecutorService stopped = scheduler;
    if (stopped == null) {
      return;
    }
    scheduler = null;
    stopped.shutdown();
    try {
      if (!stopped.awaitTermination(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        stopped.shutdownNow();
      }
    } catch (InterruptedException e) {
      stopped.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return scheduler != null;
  }
}
