package ticketing.worker.decision;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;

/// Waiting list of an event, read under the row lock.
///
/// @param counters counters by seat type; a missing seat type has zeros
/// @param lastSequence sequence of the last entry that joined; 0: none
/// @param entries entries that the commands leave, by id
/// @param waitingUsers waiting party of a user. Complete for each user of a `JOIN` command.
public record WaitingList(
    Map<String, Counters> counters,
    long lastSequence,
    Map<Long, Entry> entries,
    Map<String, WaitingParty> waitingUsers,
    WaitingParties parties) {

  /// Waiting list of an event without entries.
  public static final WaitingList NONE =
      new WaitingList(Map.of(), 0, Map.of(), Map.of(), WaitingParties.NONE);

  /// Counters of a seat type.
  ///
  /// @param kept free seats that are kept for the first waiting party
  /// @param waiting number of waiting parties
  public record Counters(int kept, int waiting) {

    public static final Counters ZERO = new Counters(0, 0);

    public Counters {
      if (kept < 0 || waiting < 0) {
        throw new IllegalArgumentException("kept=" + kept + " waiting=" + waiting);
      }
    }
  }

  /// Status of an entry.
  public enum Status {
    WAITING,
    /// The party got an offer.
    OFFERED,
    LEFT,
    /// The entry ended without an offer: the user has the maximum number of seats, or the seat type
    /// has fewer seats than the party.
    ENDED
  }

  public record Entry(long id, WaitingParty party, Status status) {
    public Entry {
      Objects.requireNonNull(party, "party");
      Objects.requireNonNull(status, "status");
    }
  }

  /// End of a waiting entry that no command decides.
  ///
  /// @param hold held seats; null: the entry ends without an offer, because the user would exceed
  ///   the maximum number of seats
  /// @param position position among the steps of the batch, from 1
  public record Offer(WaitingParty party, @Nullable Hold hold, int position) {

    /// Seats that are held for the party.
    ///
    /// @param seats ids of the numbered seats; empty without numbered seats
    public record Hold(Money totalPrice, Instant expiresAt, List<String> seats) {}
  }

  /// Effect of a batch on the waiting list.
  ///
  /// @param joined parties that joined, with their status after the batch
  /// @param left tickets of the entries that left
  /// @param offers offers in their order
  /// @param maxQuantities highest quantity of the entries that stay, by seat type. Entries that
  ///   joined ahead of the batch with a higher quantity end. 0: all end.
  /// @param counters counters of all seat types after the batch
  /// @param keptChanges changes of the kept seats that differ from 0
  /// @param waitingChanges changes of the numbers of parties that differ from 0
  /// @param lastSequence sequence of the last entry after the batch
  /// @param morePending true if parties may get further offers in another batch
  public record Change(
      Map<WaitingParty, Status> joined,
      Set<UUID> left,
      List<Offer> offers,
      Map<String, Integer> maxQuantities,
      Map<String, Counters> counters,
      Map<String, Integer> keptChanges,
      Map<String, Integer> waitingChanges,
      long lastSequence,
      boolean morePending) {

    /// Returns true if an entry or a counter changes.
    public boolean isEffective() {
      return !joined.isEmpty()
          || !left.isEmpty()
          || !offers.isEmpty()
          || !maxQuantities.isEmpty()
          || !keptChanges.isEmpty()
          || !waitingChanges.isEmpty();
    }

    /// Returns the counters of a seat type after the batch.
    public Counters counters(String seatType) {
      return counters.getOrDefault(seatType, Counters.ZERO);
    }
  }
}
