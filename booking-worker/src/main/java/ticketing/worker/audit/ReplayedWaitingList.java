package ticketing.worker.audit;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Command;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.decision.WaitingList.Status;
import ticketing.worker.decision.WaitingParties;
import ticketing.worker.decision.WaitingParty;

/// Waiting list of an event in a replay.
final class ReplayedWaitingList implements WaitingParties {

  /// Row of `waiting_entries`, except its number of a step.
  ///
  /// @param party without the seats of its user
  record Entry(
      long id, WaitingParty party, Status status, Instant joinedAt, @Nullable Instant endedAt) {}

  private final ToIntFunction<String> seatsOfUser;
  private final Map<Long, Entry> entries = new TreeMap<>();
  private final Map<UUID, Long> ids = new HashMap<>();
  private final Map<String, WaitingParty> byUser = new HashMap<>();
  private final Map<String, Map<Integer, TreeMap<Long, WaitingParty>>> waiting = new HashMap<>();
  private final Map<String, TreeSet<Long>> offered = new HashMap<>();
  private Map<String, WaitingList.Counters> counters = Map.of();
  private long lastSequence;

  ReplayedWaitingList(ToIntFunction<String> seatsOfUser) {
    this.seatsOfUser = seatsOfUser;
  }

  /// Returns the waiting list for one command.
  ///
  /// @param command null: none
  WaitingList inventory(@Nullable Command command) {
    Map<Long, WaitingList.Entry> left = new HashMap<>();
    Map<String, WaitingParty> users = new HashMap<>();
    if (command instanceof Command.LeaveWaitingList leave && entries.containsKey(leave.entryId())) {
      Entry entry = entries.get(leave.entryId());
      left.put(entry.id(), new WaitingList.Entry(entry.id(), entry.party(), entry.status()));
    }
    if (command instanceof Command.JoinWaitingList join && byUser.containsKey(join.userId())) {
      users.put(join.userId(), byUser.get(join.userId()));
    }
    return new WaitingList(counters, lastSequence, left, users, this);
  }

  Map<String, WaitingList.Counters> counters() {
    return counters;
  }

  boolean contains(@Nullable Long id) {
    return id != null && entries.containsKey(id);
  }

  /// Applies the effect of a step.
  ///
  /// @param entryId id of the entry that joined; null: none
  void apply(WaitingList.Change change, @Nullable Long entryId, Instant at) {
    change.maxQuantities().forEach((type, max) -> endAbove(type, max, at));
    for (WaitingParty party : change.joined().keySet()) {
      WaitingParty joined = party.withSeatsOfUser(0);
      put(new Entry(entryId, joined, Status.WAITING, at, null));
      ids.put(party.ticketId(), entryId);
      byUser.put(party.userId(), joined);
      waiting
          .computeIfAbsent(party.seatType(), type -> new TreeMap<>())
          .computeIfAbsent(party.quantity(), quantity -> new TreeMap<>())
          .put(party.sequence(), joined);
    }
    change.left().forEach(ticketId -> end(ids.get(ticketId), Status.LEFT, at));
    for (WaitingList.Offer offer : change.offers()) {
      WaitingParty party = offer.party();
      end(ids.get(party.ticketId()), offer.hold() == null ? Status.ENDED : Status.OFFERED, at);
      if (offer.hold() != null) {
        offered
            .computeIfAbsent(party.seatType(), type -> new TreeSet<>(Comparator.reverseOrder()))
            .add(party.sequence());
      }
    }
    counters = change.counters();
    lastSequence = change.lastSequence();
  }

  private void put(Entry entry) {
    entries.put(entry.id(), entry);
  }

  private void endAbove(String type, int max, Instant at) {
    List<Long> above = new ArrayList<>();
    waiting
        .getOrDefault(type, Map.of())
        .forEach((quantity, parties) -> {
          if (quantity > max) {
            parties.values().forEach(party -> above.add(ids.get(party.ticketId())));
          }
        });
    above.forEach(id -> end(id, Status.ENDED, at));
  }

  private void end(long id, Status status, Instant at) {
    Entry entry = entries.get(id);
    WaitingParty party = entry.party();
    waiting.get(party.seatType()).get(party.quantity()).remove(party.sequence());
    byUser.remove(party.userId());
    put(new Entry(id, party, status, entry.joinedAt(), at));
  }

  /// Returns the entry with this id, and removes it.
  Optional<Entry> remove(long id) {
    return Optional.ofNullable(entries.remove(id));
  }

  Optional<Long> firstId() {
    return entries.keySet().stream().findFirst();
  }

  @Override
  public List<WaitingParty> findFirst(String seatType, int limit) {
    return waiting.getOrDefault(seatType, Map.of()).keySet().stream()
        .flatMap(quantity -> findNext(seatType, quantity, 0, limit).stream())
        .sorted(Comparator.comparingLong(WaitingParty::sequence))
        .toList();
  }

  @Override
  public List<WaitingParty> findNext(String seatType, int quantity, long after, int limit) {
    return waiting
        .getOrDefault(seatType, Map.of())
        .getOrDefault(quantity, new TreeMap<>())
        .tailMap(after, false)
        .values()
        .stream()
        .limit(limit)
        .map(party -> party.withSeatsOfUser(seatsOfUser.applyAsInt(party.userId())))
        .toList();
  }

  @Override
  public List<Long> findLastOffered(String seatType, int limit) {
    return offered.getOrDefault(seatType, new TreeSet<>()).stream().limit(limit).toList();
  }

  @Override
  public int countAbove(String seatType, int quantity) {
    return waiting.getOrDefault(seatType, Map.of()).entrySet().stream()
        .filter(size -> size.getKey() > quantity)
        .mapToInt(size -> size.getValue().size())
        .sum();
  }
}
