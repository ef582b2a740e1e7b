package ticketing.worker.decision;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// Waiting list in memory, which a test applies batches to.
final class WaitingListModel implements WaitingParties {

  record Row(long id, WaitingParty party, WaitingList.Status status) {}

  final Map<Long, Row> rows = new HashMap<>();
  final Map<String, Integer> seatsOfUser = new HashMap<>();
  Map<String, WaitingList.Counters> counters = Map.of();
  long lastSequence;

  WaitingList inventory() {
    Map<Long, WaitingList.Entry> entries = new HashMap<>();
    Map<String, WaitingParty> users = new HashMap<>();
    rows.forEach((id, row) -> {
      entries.put(id, new WaitingList.Entry(id, row.party(), row.status()));
      if (row.status() == WaitingList.Status.WAITING) {
        users.put(row.party().userId(), row.party());
      }
    });
    return new WaitingList(counters, lastSequence, entries, users, this);
  }

  /// Applies a batch. The id of a new entry is its sequence.
  void apply(WaitingList.Change change) {
    change
        .maxQuantities()
        .forEach((type, max) ->
            rows.replaceAll((id, row) ->
                row.status() == WaitingList.Status.WAITING
                        && row.party().seatType().equals(type)
                        && row.party().quantity() > max
                    ? new Row(id, row.party(), WaitingList.Status.ENDED)
                    : row));
    change
        .joined()
        .forEach((party, status) ->
            rows.put(party.sequence(), new Row(party.sequence(), party, status)));
    change.left().forEach(ticketId -> end(ticketId, WaitingList.Status.LEFT));
    for (WaitingList.Offer offer : change.offers()) {
      end(
          offer.party().ticketId(),
          offer.hold() == null ? WaitingList.Status.ENDED : WaitingList.Status.OFFERED);
    }
    counters = change.counters();
    lastSequence = change.lastSequence();
  }

  private void end(UUID ticketId, WaitingList.Status status) {
    rows.replaceAll((id, row) ->
        row.party().ticketId().equals(ticketId) ? new Row(id, row.party(), status) : row);
  }

  List<WaitingParty> waiting(String seatType) {
    return rows.values().stream()
        .filter(row -> row.status() == WaitingList.Status.WAITING)
        .map(Row::party)
        .filter(party -> party.seatType().equals(seatType))
        .sorted(Comparator.comparingLong(WaitingParty::sequence))
        .toList();
  }

  @Override
  public List<WaitingParty> findFirst(String seatType, int limit) {
    List<WaitingParty> found = new ArrayList<>();
    Set<Integer> quantities =
        waiting(seatType).stream().map(WaitingParty::quantity).collect(Collectors.toSet());
    quantities.forEach(quantity -> found.addAll(findNext(seatType, quantity, 0, limit)));
    return found;
  }

  @Override
  public List<WaitingParty> findNext(String seatType, int quantity, long after, int limit) {
    return waiting(seatType).stream()
        .filter(party -> party.quantity() == quantity && party.sequence() > after)
        .limit(limit)
        .map(party -> party.withSeatsOfUser(seatsOfUser.getOrDefault(party.userId(), 0)))
        .toList();
  }

  @Override
  public List<Long> findLastOffered(String seatType, int limit) {
    return rows.values().stream()
        .filter(row -> row.status() == WaitingList.Status.OFFERED)
        .filter(row -> row.party().seatType().equals(seatType))
        .map(row -> row.party().sequence())
        .sorted(Comparator.reverseOrder())
        .limit(limit)
        .toList();
  }

  @Override
  public int countAbove(String seatType, int quantity) {
    return Math.toIntExact(
        waiting(seatType).stream().filter(party -> party.quantity() > quantity).count());
  }
}
