package ticketing.ingress.settings;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// Every limit of this process, with its unit.
@Validated
@ConfigurationProperties("ticketing")
public record IngressSettings(
    @Valid @NotNull @DefaultValue Database database,
    @Valid @NotNull Queue queue,
    @Valid @NotNull @DefaultValue Limits limits,
    @Valid @NotNull @DefaultValue Cache cache,
    @Valid @NotNull Rates rates,
    @Valid @NotNull @DefaultValue Pages pages,
    @Valid @NotNull @DefaultValue Simulation simulation) {

  /// @param readerTimeout longest wait for a read replica, before the primary is read instead
  /// @param readerPause how long replicas that keep failing are left alone
  public record Database(
      @NotNull @DefaultValue("2s") Duration readerTimeout,
      @NotNull @DefaultValue("5s") Duration readerPause) {}

  /// @param inFlight commands that may be on their way to the queue at once; beyond it: 503
  /// @param timeout longest wait for the queue to take a command
  /// @param gathering how long a message may wait for others to share its call
  /// @param gauges how often the figures of the queue are read for the metrics; 0s: never
  /// @param commandsPerMessage most commands of one event that share a message; 1: none do, and the
  ///   depth of the queue counts commands, as the scaling of workers takes it to
  /// @param backlogWithoutDatabase most messages on the queue with which commands are still
  ///   accepted while the database is away; beyond it: 503
  /// @param withdrawalTimeout longest wait for the database to withdraw a command of which the
  ///   queue has not said whether it has it
  /// @param withdrawalsAtOnce most transactions that do so at once, each for one event
  public record Queue(
      @NotBlank String name,
      @NotBlank String deadLetters,
      @Min(1) @DefaultValue("10000") int inFlight,
      @NotNull @DefaultValue("5s") Duration timeout,
      @NotNull @DefaultValue("4ms") Duration gathering,
      @NotNull @DefaultValue("10s") Duration gauges,
      @Min(1) @Max(100) @DefaultValue("1") int commandsPerMessage,
      @Min(0) @DefaultValue("100000") int backlogWithoutDatabase,
      @NotNull @DefaultValue("5s") Duration withdrawalTimeout,
      @Min(1) @DefaultValue("2") int withdrawalsAtOnce) {}

  /// @param body largest request body
  /// @param requests answered at once, those that wait for a decision among them; beyond it they
  ///   stand in line
  /// @param waiters requests that may wait for a decision at once; beyond it they do not wait
  /// @param longestWait most that `Prefer: wait` can ask for
  /// @param changeWait how long a change of seats waits for its decision
  /// @param hashingAtOnce passwords hashed at the same time
  /// @param hashingWait longest wait for a turn at that
  /// @param deadLetters most dead letters shown in one list
  /// @param overdue how long after its estimated wait a pending ticket is looked up in the ledger
  /// @param doubt how long a ticket that cannot be found may still turn up after the board has
  ///   missed some; longer than any backlog
  public record Limits(
      @NotNull @DefaultValue("16KB") DataSize body,
      @Min(1) @Max(20_000) @DefaultValue("600") int requests,
      @Min(0) @DefaultValue("400") int waiters,
      @NotNull @DefaultValue("20s") Duration longestWait,
      @NotNull @DefaultValue("10s") Duration changeWait,
      @Min(1) @DefaultValue("4") int hashingAtOnce,
      @NotNull @DefaultValue("5s") Duration hashingWait,
      @Min(1) @DefaultValue("100") int deadLetters,
      @NotNull @DefaultValue("5s") Duration overdue,
      @NotNull @DefaultValue("15m") Duration doubt) {

    public Limits {
      if (waiters >= requests) {
        throw new IllegalArgumentException(
            "of the requests answered at once, some must not be allowed to wait: waiters %d, requests %d"
                .formatted(waiters, requests));
      }
    }
  }

  /// @param nearEvents events kept in this process
  /// @param nearCopy how old such a copy may be
  /// @param user how long `user:{id}` lives in Redis
  /// @param reservation how long `reservation:{id}` lives in Redis
  public record Cache(
      @Min(1) @DefaultValue("10000") int nearEvents,
      @NotNull @DefaultValue("500ms") Duration nearCopy,
      @NotNull @DefaultValue("10m") Duration user,
      @NotNull @DefaultValue("30s") Duration reservation) {}

  /// @param proxies trusted ones in front of this process that append to `X-Forwarded-For`; 0: the
  ///   header is ignored
  /// @param user for each user
  /// @param address for each address that requests come from
  public record Rates(
      @DefaultValue("true") boolean enabled,
      @Min(0) @DefaultValue("0") int proxies,
      @Valid @NotNull Rate user,
      @Valid @NotNull Rate address) {}

  /// @param perSecond requests that are always fine
  /// @param burst requests at once after a rest
  public record Rate(@Min(1) int perSecond, @Min(1) int burst) {}

  /// @param notifierUrl `ws://` or `wss://` address where the pages find the notifier; empty: where
  ///   they come from
  /// @param currency ISO 4217 code that the pages show prices in
  public record Pages(
      @NotNull @Pattern(regexp = "|wss?://[^\\s;,/]+") @DefaultValue("") String notifierUrl,
      @NotNull @Pattern(regexp = "[A-Z]{3}") @DefaultValue("KRW") String currency) {}

  /// The simulated on-sale; there is one only in the local profile.
  ///
  /// @param buyers each sends one booking
  /// @param seats fewer, so that it sells out
  /// @param connections requests at once
  /// @param arrival time over which the buyers come
  /// @param longest after which no more bookings are sent
  public record Simulation(
      @Min(1) @Max(100_000) @DefaultValue("6000") int buyers,
      @Min(1) @Max(100_000) @DefaultValue("2000") int seats,
      @Min(1) @Max(256) @DefaultValue("48") int connections,
      @NotNull @DefaultValue("12s") Duration arrival,
      @NotNull @DefaultValue("60s") Duration longest) {}
}
