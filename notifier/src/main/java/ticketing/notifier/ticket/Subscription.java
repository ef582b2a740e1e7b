package ticketing.notifier.ticket;

import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore.PublishedDecision;
import ticketing.tracing.Traces;

/// Subscription of one connection to one ticket, until the final state is sent. Published decisions
/// and reads are accepted in any order and repeatedly. No frame is sent before the ownership of the
/// ticket is verified, and none after the final state.
final class Subscription {

  /// Called once when a subscription ends without [#cancel()].
  interface EndListener {

    /// @param reason close reason of a connection that has only this subscription
    void onEnd(Subscription subscription, CloseReason reason);
  }

  private final WebSocketConnection connection;
  private final UUID ticketId;
  private final TicketObserver observer;
  private final Traces traces;
  private final EndListener endListener;
  private final AtomicBoolean lookupInFlight = new AtomicBoolean();

  private boolean ownershipVerified;
  private PublishedDecision unverifiedDecision;
  private boolean pendingSent;
  private Long sentPosition;
  private volatile boolean ended;

  Subscription(
      WebSocketConnection connection,
      UUID ticketId,
      TicketObserver observer,
      Traces traces,
      EndListener endListener) {
    this.connection = connection;
    this.ticketId = ticketId;
    this.observer = observer;
    this.traces = traces;
    this.endListener = endListener;
  }

  UUID ticketId() {
    return ticketId;
  }

  WebSocketConnection connection() {
    return connection;
  }

  /// @return false if a look-up at ingress-api is in flight already
  boolean beginLookup() {
    return !ended && lookupInFlight.compareAndSet(false, true);
  }

  void endLookup() {
    lookupInFlight.set(false);
  }

  boolean hasEnded() {
    return ended;
  }

  /// Accepts a decision from the channel, which contains no owner.
  ///
  /// @return true if the decision was sent
  synchronized boolean onPublished(PublishedDecision decision) {
    if (ended) {
      return false;
    }
    if (!ownershipVerified) {
      unverifiedDecision = decision;
      return false;
    }
    sendFinal(decision);
    return true;
  }

  /// Accepts an entry of the status store.
  synchronized void onStored(StatusEntry entry) {
    if (ended) {
      return;
    }
    if (connection.user().maySee(entry.owner())) {
      onVerified(entry.ticket(), entry.trace());
    } else {
      reject();
    }
  }

  /// Accepts a ticket from ingress-api, which has verified the ownership.
  synchronized void onFound(Ticket ticket) {
    if (!ended) {
      onVerified(ticket, null);
    }
  }

  private void onVerified(Ticket ticket, String trace) {
    ownershipVerified = true;
    if (ticket.status().isFinal()) {
      sendFinal(new PublishedDecision(ticketId, trace, Json.INTERNAL.writeValueAsString(ticket)));
    } else if (unverifiedDecision != null) {
      sendFinal(unverifiedDecision);
    } else if (!pendingSent || !Objects.equals(sentPosition, ticket.position())) {
      pendingSent = true;
      sentPosition = ticket.position();
      observer.onState(Json.INTERNAL.writeValueAsString(ticket));
    }
  }

  /// Neither the status store nor ingress-api has such a ticket of the user. After a verified read
  /// the store has lost the entry, and the decision is still to be published.
  synchronized void onNotFound() {
    if (!ended && !ownershipVerified) {
      reject();
    }
  }

  /// Ends the subscription without a frame.
  synchronized void cancel() {
    ended = true;
  }

  private void sendFinal(PublishedDecision decision) {
    ended = true;
    traces.runInSpan(decision.trace(), "send frame", () -> observer.onState(decision.json()));
    endListener.onEnd(this, CloseReason.DECIDED);
  }

  private void reject() {
    ended = true;
    observer.onNotFound();
    endListener.onEnd(this, CloseReason.NO_SUCH_TICKET);
  }
}
