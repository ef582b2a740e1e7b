package ticketing.worker.decision;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;
import ticketing.domain.Command;

/// Waiting parties of one seat type in a batch, in order of joining. Mutable, for one thread.
///
/// Parties of the same quantity form a queue, so the first party that fits is the first of at most
/// ten heads. Queues are read in pages, and only if a seat is free.
///
/// A party is overtaken by each offer to a party with a higher sequence. It is overtaken the
/// maximum number of times if that many offered entries have a higher sequence.
final class WaitingQueue {

  /// Number of times that a party can be overtaken.
  static final int MAX_OVERTAKINGS = 10;

  private static final int FIRST_PAGE = 10; // parties of each quantity
  private static final int NEXT_PAGE = 200; // parties of one quantity

  private final String seatType;
  private final WaitingParties stored;
  private final Map<Integer, Deque<WaitingParty>> read = new HashMap<>();
  private final Map<Integer, Deque<WaitingParty>> joined = new HashMap<>();
  private final Map<Integer, Long> lastRead = new HashMap<>();
  private final Set<Integer> readCompletely = new HashSet<>();
  private final Set<UUID> ended = new HashSet<>();
  private final List<WaitingParty> endedStored = new ArrayList<>();
  private final Set<UUID> joinedTickets = new HashSet<>();
  private final TreeSet<Long> lastOffered = new TreeSet<>();
  private boolean firstRead;
  private boolean offersRead;
  private int maxStoredQuantity = Command.MAX_QUANTITY;

  WaitingQueue(String seatType, WaitingParties stored, boolean empty) {
    this.seatType = seatType;
    this.stored = stored;
    this.firstRead = empty;
    if (empty) {
      for (int quantity = 1; quantity <= Command.MAX_QUANTITY; quantity++) {
        readCompletely.add(quantity);
      }
    }
  }

  void join(WaitingParty party) {
    joined.computeIfAbsent(party.quantity(), quantity -> new ArrayDeque<>()).add(party);
    joinedTickets.add(party.ticketId());
  }

  /// Removes a waiting party.
  void remove(WaitingParty party) {
    if (ended.add(party.ticketId()) && !joinedTickets.contains(party.ticketId())) {
      endedStored.add(party);
    }
  }

  /// Removes a waiting party that gets an offer.
  void removeOffered(WaitingParty party) {
    readOffers();
    remove(party);
    lastOffered.add(party.sequence());
    if (lastOffered.size() > MAX_OVERTAKINGS) {
      lastOffered.pollFirst();
    }
  }

  /// Removes all waiting parties with a higher quantity.
  ///
  /// @return their number, and those of them that joined in this batch
  Removed removeAbove(int quantity) {
    int count = 0;
    if (quantity < maxStoredQuantity) {
      count =
          stored.countAbove(seatType, quantity)
              - stored.countAbove(seatType, maxStoredQuantity)
              - countEnded(quantity);
      maxStoredQuantity = quantity;
    }
    List<WaitingParty> removed = new ArrayList<>();
    joined.forEach((size, parties) -> {
      if (size > quantity) {
        parties.removeIf(party -> ended.contains(party.ticketId()));
        removed.addAll(parties);
        parties.clear();
      }
    });
    removed.forEach(party -> ended.add(party.ticketId()));
    return new Removed(count + removed.size(), removed);
  }

  /// @param count number of all removed parties
  record Removed(int count, List<WaitingParty> joined) {}

  private int countEnded(int aboveQuantity) {
    return Math.toIntExact(
        endedStored.stream()
            .filter(party -> party.quantity() > aboveQuantity)
            .filter(party -> party.quantity() <= maxStoredQuantity)
            .count());
  }

  /// Returns true if a party of this quantity that joined ahead of the batch has ended by
  /// [#removeAbove].
  boolean isRemoved(int quantity) {
    return quantity > maxStoredQuantity;
  }

  /// Returns the party that gets an offer if the sale permits offers.
  ///
  /// @param free number of all free seats of the type
  Optional<WaitingParty> next(int free) {
    if (free == 0) {
      return Optional.empty();
    }
    Optional<WaitingParty> head = first(Command.MAX_QUANTITY);
    if (head.isEmpty() || head.get().quantity() <= free) {
      return head;
    }
    return keepsSeats(head.get()) ? Optional.empty() : first(free);
  }

  /// Returns true if free seats are kept for the first party.
  boolean keepsSeats() {
    return first(Command.MAX_QUANTITY).filter(this::keepsSeats).isPresent();
  }

  private boolean keepsSeats(WaitingParty first) {
    readOffers();
    return lastOffered.size() == MAX_OVERTAKINGS && first.sequence() < lastOffered.first();
  }

  private Optional<WaitingParty> first(int maxQuantity) {
    readFirst();
    return IntStream.rangeClosed(1, maxQuantity)
        .mapToObj(this::head)
        .flatMap(Optional::stream)
        .min(Comparator.comparingLong(WaitingParty::sequence));
  }

  private Optional<WaitingParty> head(int quantity) {
    if (quantity <= maxStoredQuantity) {
      Deque<WaitingParty> parties = read.computeIfAbsent(quantity, size -> new ArrayDeque<>());
      Optional<WaitingParty> head = head(parties);
      while (head.isEmpty() && !readCompletely.contains(quantity)) {
        readNext(quantity);
        head = head(parties);
      }
      if (head.isPresent()) {
        return head;
      }
    }
    return joined.containsKey(quantity) ? head(joined.get(quantity)) : Optional.empty();
  }

  private Optional<WaitingParty> head(Deque<WaitingParty> parties) {
    while (!parties.isEmpty() && ended.contains(parties.peek().ticketId())) {
      parties.poll();
    }
    return Optional.ofNullable(parties.peek());
  }

  private void readFirst() {
    if (firstRead) {
      return;
    }
    firstRead = true;
    Map<Integer, Integer> counts = new HashMap<>();
    for (WaitingParty party : stored.findFirst(seatType, FIRST_PAGE)) {
      add(party);
      counts.merge(party.quantity(), 1, Integer::sum);
    }
    for (int quantity = 1; quantity <= Command.MAX_QUANTITY; quantity++) {
      if (counts.getOrDefault(quantity, 0) < FIRST_PAGE) {
        readCompletely.add(quantity);
      }
    }
  }

  private void readNext(int quantity) {
    List<WaitingParty> page =
        stored.findNext(seatType, quantity, lastRead.getOrDefault(quantity, 0L), NEXT_PAGE);
    page.forEach(this::add);
    if (page.size() < NEXT_PAGE) {
      readCompletely.add(quantity);
    }
  }

  private void add(WaitingParty party) {
    read.computeIfAbsent(party.quantity(), size -> new ArrayDeque<>()).add(party);
    lastRead.merge(party.quantity(), party.sequence(), Math::max);
  }

  private void readOffers() {
    if (!offersRead) {
      offersRead = true;
      lastOffered.addAll(stored.findLastOffered(seatType, MAX_OVERTAKINGS));
    }
  }
}
