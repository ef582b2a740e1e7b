package ticketing.worker.queue;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Command queue and the times of its deliveries. All delays of a redelivery vary by 20 %.
///
/// @param name name of the command queue
/// @param maxHold maximum time for which a received message is kept while its commands cannot be
///   decided; at most 11 h
/// @param undecidedDelay delay of the first redelivery of an undecided message; quadruples with
///   each receive
/// @param deferredDelay delay of the first redelivery of a message that is left to other workers;
///   quadruples with each receive
/// @param unreadableDelay delay of the redelivery of an unreadable message; doubles up to 30 s
/// @param maxDelay limit of the delays that quadruple
@Validated
@ConfigurationProperties("ticketing.worker.queue")
public record QueueSettings(
    @NotBlank String name,
    @NotNull Duration maxHold,
    @NotNull Duration undecidedDelay,
    @NotNull Duration deferredDelay,
    @NotNull Duration unreadableDelay,
    @NotNull Duration maxDelay) {

  private static final Duration MAX_HOLD = Duration.ofHours(11); // SQS limits invisibility to 12 h

  public QueueSettings {
    if (maxHold.compareTo(MAX_HOLD) > 0 || maxDelay.compareTo(MAX_HOLD) > 0) {
      throw new IllegalArgumentException(
          "ticketing.worker.queue.max-hold and max-delay must be at most 11h");
    }
  }
}
