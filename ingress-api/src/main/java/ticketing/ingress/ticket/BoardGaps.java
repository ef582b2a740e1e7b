package ticketing.ingress.ticket;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.redisson.client.codec.StringCodec;
import org.springframework.stereotype.Component;
import ticketing.redis.RedisGateway;

/// Since when the board has missed no accepted ticket: Redis key `board:whole-since`, which is lost
/// together with the board, and moves on when a ticket was accepted while Redis was away. A ticket
/// from before that time may exist although neither board nor ledger shows it.
@Component
public class BoardGaps {

  private static final String KEY = "board:whole-since";

  /// By then what was accepted has been decided and is in the ledger.
  private final Duration doubt;

  private final RedisGateway redis;
  private final Clock clock;
  private final AtomicBoolean missed = new AtomicBoolean();

  BoardGaps(RedisGateway redis, Clock clock, TicketSettings settings) {
    this.redis = redis;
    this.clock = clock;
    this.doubt = settings.doubt();
  }

  /// A ticket was accepted that is not on the board.
  public void missed() {
    missed.set(true);
  }

  /// The board can be written: tells all instances if it has missed something.
  public void writable() {
    if (missed.compareAndSet(true, false)) {
      redis
          .async(client -> client.getBucket(KEY, StringCodec.INSTANCE).setAsync(now()))
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  missed.set(true);
                }
              });
    }
  }

  /// Redis is back, perhaps without its data.
  void reconnected() {
    writable();
    redis.async(client -> client.getBucket(KEY, StringCodec.INSTANCE).setIfAbsentAsync(now()));
  }

  private String now() {
    return String.valueOf(clock.millis());
  }

  /// Whether a ticket with this id may have been accepted although board and ledger do not show it.
  ///
  /// @throws RedisUnavailable if that cannot be told
  boolean mayHide(UUID ticketId) {
    Instant now = clock.instant();
    if (missed.get()) {
      writable();
      return couldBeOurs(ticketId, now);
    }
    Instant since = wholeSince(now);
    return since.plus(doubt).isAfter(now) && couldBeOurs(ticketId, since);
  }

  private Instant wholeSince(Instant now) {
    String millis =
        redis.call(
            client -> {
              var key = client.<String>getBucket(KEY, StringCodec.INSTANCE);
              String known = key.get();
              if (known == null) {
                key.setIfAbsent(String.valueOf(now.toEpochMilli()));
                known = key.get();
              }
              return known;
            });
    return millis == null ? now : Instant.ofEpochMilli(Long.parseLong(millis));
  }

  /// Ids are UUIDv7, which tell their time, or UUIDv5 if they come from an `Idempotency-Key`.
  private static boolean couldBeOurs(UUID ticketId, Instant before) {
    return switch (ticketId.version()) {
      case 7 -> Instant.ofEpochMilli(ticketId.getMostSignificantBits() >>> 16).isBefore(before);
      case 5 -> true;
      default -> false;
    };
  }
}
