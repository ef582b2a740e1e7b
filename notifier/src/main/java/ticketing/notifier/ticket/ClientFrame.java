package ticketing.notifier.ticket;

import java.util.List;
import java.util.Optional;
import ticketing.domain.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Frame of a client on `/ws/tickets`: `{"action":"subscribe","ticketIds":["..."]}`.
record ClientFrame(Action action, List<String> ticketIds) {

  private static final JsonMapper STRICT = Json.strict(JsonMapper.builder()).build();

  /// The names are part of the public contract.
  enum Action {
    subscribe,
    unsubscribe
  }

  /// Empty if the text is not exactly such a frame.
  static Optional<ClientFrame> parse(String text) {
    ClientFrame frame;
    try {
      frame = STRICT.readValue(text, ClientFrame.class);
    } catch (JacksonException e) {
      return Optional.empty();
    }
    return frame == null
            || frame.action() == null
            || frame.ticketIds() == null
            || frame.ticketIds().contains(null)
        ? Optional.empty()
        : Optional.of(frame);
  }
}
