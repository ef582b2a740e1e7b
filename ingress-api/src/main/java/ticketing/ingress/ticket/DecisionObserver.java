package ticketing.ingress.ticket;

import ticketing.domain.Ticket;

/// Receives each published decision of the whole system, a repeated one again.
public interface DecisionObserver {

  /// Returns without blocking: it runs on the thread that receives decisions.
  void decided(Ticket ticket);

  /// Decisions may have been missed: the subscription was interrupted. Returns without blocking.
  default void resubscribed() {}
}
