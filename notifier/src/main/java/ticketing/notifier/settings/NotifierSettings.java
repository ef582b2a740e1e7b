package ticketing.notifier.settings;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// Every limit of this process.
///
/// @param ingressUrl where to ask for what the board does not know, without `/api/v1`
/// @param ingressTimeout longest wait for one answer of ingress
/// @param ingressCalls most questions to ingress at a time
/// @param allowedOrigins patterns of origins whose pages may connect
/// @param requests most handshakes and frames of clients worked on at a time; others wait, unread
/// @param maxSockets most open sockets; beyond it the handshake gets 503
/// @param maxSubscriptions most live subscriptions of one multiplexed socket
/// @param maxFrame longest frame of a client; beyond it the socket closes with 1009
/// @param maxUnsent most that may wait to be sent to one socket; beyond it the socket is dropped
/// @param socketBuffer what the kernel may hold for one socket besides
/// @param sendTime longest time for one frame to leave; beyond it the socket is dropped
/// @param ping time between two pings
/// @param unanswered after how long without an answer to a ping a socket is dropped
/// @param sweep time between two ticks of the sweep
/// @param sweepTickets most tickets read in one tick of the sweep, and a tenth as many events
/// @param feedInterval shortest time between two frames of an availability feed
@Validated
@ConfigurationProperties("ticketing.notifier")
public record NotifierSettings(
    @NotNull @DefaultValue("http://127.0.0.1:8080") URI ingressUrl,
    @NotNull @DurationMin(millis = 100) @DurationMax(seconds = 30) @DefaultValue("3s")
        Duration ingressTimeout,
    @Min(1) @Max(256) @DefaultValue("16") int ingressCalls,
    @NotEmpty @DefaultValue("*") List<String> allowedOrigins,
    @Min(10) @Max(100_000) @DefaultValue("300") int requests,
    @Min(1) @Max(1_000_000) @DefaultValue("10000") int maxSockets,
    @Min(1) @Max(10_000) @DefaultValue("100") int maxSubscriptions,
    @NotNull @DefaultValue("8KB") DataSize maxFrame,
    @NotNull @DefaultValue("256KB") DataSize maxUnsent,
    @NotNull @DefaultValue("64KB") DataSize socketBuffer,
    @NotNull @DurationMin(millis = 100) @DurationMax(minutes = 5) @DefaultValue("10s")
        Duration sendTime,
    @NotNull @DurationMin(millis = 100) @DurationMax(minutes = 10) @DefaultValue("25s")
        Duration ping,
    @NotNull @DurationMin(millis = 200) @DurationMax(minutes = 30) @DefaultValue("60s")
        Duration unanswered,
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 5) @DefaultValue("3s") Duration sweep,
    @Min(10) @Max(100_000) @DefaultValue("2000") int sweepTickets,
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 1) @DefaultValue("500ms")
        Duration feedInterval) {

  public NotifierSettings {
    between("max-frame", maxFrame, DataSize.ofBytes(256), DataSize.ofMegabytes(1));
    between("max-unsent", maxUnsent, DataSize.ofKilobytes(4), DataSize.ofMegabytes(64));
    between("socket-buffer", socketBuffer, DataSize.ofKilobytes(4), DataSize.ofMegabytes(16));
    if (unanswered.compareTo(ping) <= 0) {
      throw new IllegalArgumentException(
          "ticketing.notifier.unanswered must be longer than ticketing.notifier.ping");
    }
  }

  private static void between(String name, DataSize value, DataSize least, DataSize most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          "ticketing.notifier.%s must lie between %s and %s".formatted(name, least, most));
    }
  }
}
