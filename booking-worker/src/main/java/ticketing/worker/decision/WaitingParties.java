package ticketing.worker.decision;

import java.util.List;

/// Waiting parties of one event ahead of a batch, read on demand under the row lock. A batch reads
/// few of them, although 100,000 parties may wait.
public interface WaitingParties {

  /// No parties.
  WaitingParties NONE =
      new WaitingParties() {
        @Override
        public List<WaitingParty> findFirst(String seatType, int limit) {
          return List.of();
        }

        @Override
        public List<WaitingParty> findNext(
            String seatType, int quantity, long afterSequence, int limit) {
          return List.of();
        }

        @Override
        public List<Long> findLastOffered(String seatType, int limit) {
          return List.of();
        }

        @Override
        public int countAbove(String seatType, int quantity) {
          return 0;
        }
      };

  /// Returns the first waiting parties of each quantity, in order of joining.
  ///
  /// @param limit maximum number for each quantity
  List<WaitingParty> findFirst(String seatType, int limit);

  /// Returns the next waiting parties of a quantity, in order of joining.
  List<WaitingParty> findNext(String seatType, int quantity, long afterSequence, int limit);

  /// Returns the highest sequences of the entries that got an offer.
  List<Long> findLastOffered(String seatType, int limit);

  /// Returns the number of waiting parties with a higher quantity.
  int countAbove(String seatType, int quantity);
}
