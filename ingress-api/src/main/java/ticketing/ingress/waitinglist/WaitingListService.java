package ticketing.ingress.waitinglist;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.domain.Command;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Waiting entries of users. They are read from the primary, so that a user reads a new entry
/// immediately. Positions behind the first thousand are read from snapshots of a replica.
@Component
public class WaitingListService {

  private static final Logger log = LoggerFactory.getLogger(WaitingListService.class);
  private static final int MAX_ENTRIES = 100; // of one user
  private static final int MAX_PARTIES = 1_000_000; // in one snapshot

  private record SeatType(long eventId, String name) {}

  private final WaitingEntryRepository entries;
  private final ReplicaReader replica;
  private final CommandAcceptor acceptor;
  private final TicketIds ids;
  private final WaitingListSettings settings;
  private final LoadingCache<SeatType, long[]> snapshots;

  WaitingListService(
      WaitingEntryRepository entries,
      ReplicaReader replica,
      CommandAcceptor acceptor,
      TicketIds ids,
      WaitingListSettings settings) {
    this.entries = entries;
    this.replica = replica;
    this.acceptor = acceptor;
    this.ids = ids;
    this.settings = settings;
    this.snapshots =
        Caffeine.newBuilder()
            .maximumWeight(settings.maxSnapshotEntries())
            .weigher((SeatType type, long[] sequences) -> sequences.length)
            .expireAfterWrite(settings.snapshotTtl())
            .build(this::readSequences);
  }

  private long[] readSequences(SeatType type) {
    return replica.read(() ->
        entries.findSequences(type.eventId(), type.name(), PageRequest.of(0, MAX_PARTIES)).stream()
            .mapToLong(Long::longValue)
            .toArray());
  }

  /// Returns the waiting entries of a user, newest first, at most 100. Each costs one count of at
  /// most [WaitingListSettings#maxExactPosition] index entries.
  List<WaitingEntryView> list(String userId) {
    return findWaiting(userId).stream().map(entry -> entry.view(1 + countAhead(entry))).toList();
  }

  private List<WaitingEntryEntity> findWaiting(String userId) {
    return entries.findWaiting(userId, PageRequest.of(0, MAX_ENTRIES));
  }

  private long countAhead(WaitingEntryEntity entry) {
    int limit = settings.maxExactPosition();
    long ahead = entries.countAhead(entry.eventId(), entry.seatType(), entry.sequence(), limit);
    if (ahead < limit) {
      return ahead;
    }
    long[] sequences = snapshots.get(new SeatType(entry.eventId(), entry.seatType()));
    int found = Arrays.binarySearch(sequences, entry.sequence());
    return Math.max(limit, found >= 0 ? found : -found - 1);
  }

  /// Returns an entry of any status.
  ///
  /// @throws ApiException `WAITING_ENTRY_NOT_FOUND` also for an entry of another user
  WaitingEntryEntity get(String userId, long entryId) {
    return entries
        .find(entryId)
        .filter(entry -> entry.userId().equals(userId))
        .orElseThrow(() ->
            ApiException.of(
                ErrorCode.WAITING_ENTRY_NOT_FOUND, "There is no such entry of a waiting list."));
  }

  Ticket leave(WaitingEntryEntity entry, IdempotencyKey request) {
    return leave(entry, request.ticketId(), request.fingerprint(), request.attemptId());
  }

  private Ticket leave(
      WaitingEntryEntity entry, UUID ticketId, @Nullable String fingerprint, UUID attemptId) {
    return acceptor.accept(acceptedAt ->
        new Command.LeaveWaitingList(
            ticketId,
            entry.userId(),
            entry.eventId(),
            entry.id(),
            acceptedAt,
            fingerprint,
            attemptId));
  }

  /// Leaves all waiting lists of a user whose account was deleted. An entry that cannot leave now
  /// may get an offer, which expires.
  public void leaveAll(String userId) {
    try {
      for (WaitingEntryEntity entry : findWaiting(userId)) {
        UUID ticketId = ids.newId(userId);
        leave(entry, ticketId, null, TicketIds.newAttempt(ticketId));
      }
    } catch (ApiException | DataAccessException | TransactionException e) {
      log.warn("cannot leave waiting list of deleted account, cause={}", e.getMessage());
    }
  }
}
