package ticketing.userfeed;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import ticketing.domain.EventView;

/// Change that concerns users. It is a hint: a receiver reads the current state of a ticket or
/// reservation. Decisions of tickets are published by the status store.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = UserChange.TicketAccepted.class, name = "TICKET_ACCEPTED"),
  @JsonSubTypes.Type(value = UserChange.ReservationEnded.class, name = "RESERVATION_ENDED"),
  @JsonSubTypes.Type(value = UserChange.OfferMade.class, name = "OFFER_MADE"),
  @JsonSubTypes.Type(value = UserChange.EventChanged.class, name = "EVENT_CHANGED")
})
public sealed interface UserChange {

  /// Maximum number of users of one change.
  int MAX_USERS = 1_000;

  /// Ids of the users, at most [#MAX_USERS].
  List<String> users();

  /// A command of the user is queued.
  record TicketAccepted(UUID ticketId, List<String> users) implements UserChange {
    public TicketAccepted {
      Objects.requireNonNull(ticketId, "ticketId");
      users = List.copyOf(users);
    }
  }

  /// A reservation expired, or an administrator cancelled it.
  record ReservationEnded(long reservationId, Ending ending, List<String> users)
      implements UserChange {

    /// The names are types of the frames.
    public enum Ending {
      EXPIRED,
      CANCELLED
    }

    public ReservationEnded {
      Objects.requireNonNull(ending, "ending");
      users = List.copyOf(users);
    }
  }

  /// A waiting party got an offer, which is a held reservation.
  record OfferMade(long reservationId, List<String> users) implements UserChange {
    public OfferMade {
      users = List.copyOf(users);
    }
  }

  /// An event was cancelled, or its date or venue changed.
  record EventChanged(Kind kind, EventView event, List<String> users) implements UserChange {

    /// The names are types of the frames.
    public enum Kind {
      EVENT_CANCELLED,
      EVENT_MOVED
    }

    public EventChanged {
      Objects.requireNonNull(kind, "kind");
      Objects.requireNonNull(event, "event");
      users = List.copyOf(users);
    }
  }
}
