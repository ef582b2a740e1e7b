package ticketing.benchmark.peer;

import jakarta.persistence.EntityManager;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.springframework.context.annotation.Lazy;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

/// One transaction for each booking, under a row lock or a Redisson lock.
@Service
class PeerService {

  private static final long MAX_LOCK_WAIT = 60; // s, longer than the backlog of all connections

  private final PeerRepository events;
  private final EntityManager entities;
  private final TransactionTemplate transaction;
  private final RedissonClient redisson;

  PeerService(
      PeerRepository events,
      EntityManager entities,
      TransactionTemplate transaction,
      @Lazy RedissonClient redisson) {
    this.events = events;
    this.entities = entities;
    this.transaction = transaction;
    this.redisson = redisson;
  }

  /// @return id of the booking; empty if the event is sold out
  Optional<Long> bookWithRowLock(long eventId, int quantity) {
    return transaction.execute(
        _ -> book(events.findLocked(eventId).orElseThrow(), eventId, quantity));
  }

  /// @return id of the booking; empty if the event is sold out
  Optional<Long> bookWithRedissonLock(long eventId, int quantity) throws InterruptedException {
    RLock lock = redisson.getLock("peer:" + eventId);
    if (!lock.tryLock(MAX_LOCK_WAIT, TimeUnit.SECONDS)) {
      throw new IllegalStateException("lock is held for too long");
    }
    try {
      return transaction.execute(
          _ -> book(events.findById(eventId).orElseThrow(), eventId, quantity));
    } finally {
      lock.unlock();
    }
  }

  private Optional<Long> book(PeerEvent event, long eventId, int quantity) {
    if (!event.book(quantity)) {
      return Optional.empty();
    }
    PeerBooking booking = new PeerBooking(eventId, quantity, Instant.now());
    entities.persist(booking);
    return Optional.of(booking.id());
  }
}
