package ticketing.notifier.ticket;

import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.springframework.web.socket.CloseStatus;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore.PublishedDecision;
import ticketing.tracing.Traces;

/// One socket waiting for one ticket, until the final state has been sent to it. Announcements and
/// reads may come in any order and repeatedly; nothing is sent before somebody has vouched that the
/// ticket is the visitor's, and nothing after the final state.
final class Subscription {

  private final WebSocketConnection peer;
  private final UUID ticketId;
  private final Traces traces;
  private final BiConsumer<Subscription, CloseStatus> whenOver;

  /// Whether ingress is being asked about it.
  private final AtomicBoolean asking = new AtomicBoolean();

  private boolean owned;
  private PublishedDecision held;
  private boolean told;
  private Long position;
  private volatile boolean over;

  /// @param whenOver called once, unless [#cancel()] comes first, with how a socket that served
  ///   this subscription alone should close
  Subscription(
      WebSocketConnection peer,
      UUID ticketId,
      Traces traces,
      BiConsumer<Subscription, CloseStatus> whenOver) {
    this.peer = peer;
    this.traces = traces;
    this.ticketId = ticketId;
    this.whenOver = whenOver;
  }

  UUID ticketId() {
    return ticketId;
  }

  WebSocketConnection peer() {
    return peer;
  }

  AtomicBoolean asking() {
    return asking;
  }

  boolean isOver() {
    return over;
  }

  /// The decision, as it was published to everybody.
  ///
  /// @return whether it was sent on
  synchronized boolean announced(PublishedDecision decision) {
    if (over) {
      return false;
    }
    if (!owned) {
      held = decision;
      return false;
    }
    finish(decision);
    return true;
  }

  /// What the board says.
  synchronized void read(StatusEntry entry) {
    if (over) {
      return;
    }
    if (peer.visitor().maySee(entry.owner())) {
      read(entry.ticket(), entry.trace());
    } else {
      refuse();
    }
  }

  /// What somebody says who knows that the ticket is the visitor's.
  synchronized void read(Ticket ticket) {
    if (!over) {
      read(ticket, null);
    }
  }

  private void read(Ticket ticket, String trace) {
    owned = true;
    if (ticket.status().isFinal()) {
      finish(new PublishedDecision(ticketId, trace, Json.INTERNAL.writeValueAsString(ticket)));
    } else if (held != null) {
      finish(held);
    } else if (!told || !Objects.equals(position, ticket.position())) {
      told = true;
      position = ticket.position();
      peer.send(Json.INTERNAL.writeValueAsString(ticket));
    }
  }

  /// Nobody knows such a ticket of the visitor's. If it was known before, the board has lost it and
  /// its decision is still to come.
  synchronized void unknown() {
    if (!over && !owned) {
      refuse();
    }
  }

  /// The client does not wait any more.
  synchronized void cancel() {
    over = true;
  }

  private void finish(PublishedDecision decision) {
    over = true;
    traces.runInSpan(decision.trace(), "send frame", () -> peer.send(decision.json()));
    whenOver.accept(this, CloseReason.DECIDED.status());
  }

  private void refuse() {
    over = true;
    peer.send(ErrorFrame.ticketNotFound(ticketId.toString()));
    whenOver.accept(this, CloseReason.NO_SUCH_TICKET.status());
  }
}
