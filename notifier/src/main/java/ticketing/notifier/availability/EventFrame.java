package ticketing.notifier.availability;

import java.util.List;
import java.util.Optional;
import ticketing.domain.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// Frame of a client on `/ws/events`: `{"action":"subscribe","eventIds":[1]}`.
record EventFrame(Action action, List<Long> eventIds) {

  private static final JsonMapper STRICT = Json.strict(JsonMapper.builder()).build();

  /// The names are part of the public contract.
  enum Action {
    subscribe,
    unsubscribe
  }

  /// Empty if the text is not exactly such a frame.
  static Optional<EventFrame> parse(String text) {
    EventFrame frame;
    try {
      frame = STRICT.readValue(text, EventFrame.class);
    } catch (JacksonException e) {
      return Optional.empty();
    }
    return frame == null
            || frame.action() == null
            || frame.eventIds() == null
            || frame.eventIds().contains(null)
        ? Optional.empty()
        : Optional.of(frame);
  }
}
