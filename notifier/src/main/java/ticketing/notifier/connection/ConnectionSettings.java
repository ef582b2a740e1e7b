package ticketing.notifier.connection;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// Limits of WebSocket connections.
///
/// @param maxConnections maximum number of open connections; further handshakes get 503
/// @param maxPerUser maximum number of open connections of a user; further handshakes get 429
/// @param maxPerAddress maximum number of open connections of a client address; further handshakes
///   get 429
/// @param maxAnonymousPercent maximum share of the connections that have no token, in percent;
///   further handshakes without a token get 429
/// @param proxies trusted proxies in front of this process that append to `X-Forwarded-For`; 0: the
///   header is ignored
/// @param framesPerSecond sustained rate of the client frames of a connection; beyond it the
///   connection is closed with 1008
/// @param frameBurst client frames that a connection may send at a time
/// @param maxFrameSize maximum size of a client frame; a longer one closes the connection with 1009
/// @param maxSendQueueSize maximum size of the unsent frames of one connection; beyond it the
///   connection is dropped with 1013
/// @param socketSendBuffer size of the kernel's send buffer of one connection
/// @param sendTimeout maximum time to send one frame; beyond it the connection is dropped with 1013
/// @param pingInterval time between two pings, and between two checks of the token
/// @param pongTimeout time without an answer to pings after which a connection is dropped with 1001
@Validated
@ConfigurationProperties("ticketing.notifier.connection")
public record ConnectionSettings(
    @Min(1) @Max(1_000_000) @DefaultValue("10000") int maxConnections,
    @Min(1) @Max(1_000_000) @DefaultValue("10") int maxPerUser,
    @Min(1) @Max(1_000_000) @DefaultValue("100") int maxPerAddress,
    @Min(1) @Max(100) @DefaultValue("50") int maxAnonymousPercent,
    @Min(0) @Max(10) @DefaultValue("0") int proxies,
    @Min(1) @Max(100_000) @DefaultValue("20") int framesPerSecond,
    @Min(1) @Max(1_000_000) @DefaultValue("200") int frameBurst,
    @NotNull @DefaultValue("8KB") DataSize maxFrameSize,
    @NotNull @DefaultValue("256KB") DataSize maxSendQueueSize,
    @NotNull @DefaultValue("64KB") DataSize socketSendBuffer,
    @NotNull @DurationMin(millis = 100) @DurationMax(minutes = 5) @DefaultValue("10s")
        Duration sendTimeout,
    @NotNull @DurationMin(millis = 100) @DurationMax(minutes = 10) @DefaultValue("25s")
        Duration pingInterval,
    @NotNull @DurationMin(millis = 200) @DurationMax(minutes = 30) @DefaultValue("60s")
        Duration pongTimeout) {

  private static final String PREFIX = "ticketing.notifier.connection.";

  public ConnectionSettings {
    requireBetween("max-frame-size", maxFrameSize, DataSize.ofBytes(256), DataSize.ofMegabytes(1));
    requireBetween(
        "max-send-queue-size", maxSendQueueSize, DataSize.ofKilobytes(4), DataSize.ofMegabytes(64));
    requireBetween(
        "socket-send-buffer", socketSendBuffer, DataSize.ofKilobytes(4), DataSize.ofMegabytes(16));
    if (pongTimeout.compareTo(pingInterval) <= 0) {
      throw new IllegalArgumentException(
          PREFIX + "pong-timeout must be longer than " + PREFIX + "ping-interval");
    }
  }

  /// Maximum number of connections without a token, at least 1.
  int maxAnonymous() {
    return Math.max(1, (int) ((long) maxConnections * maxAnonymousPercent / 100));
  }

  private static void requireBetween(String name, DataSize value, DataSize min, DataSize max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          "%s%s must be between %s and %s".formatted(PREFIX, name, min, max));
    }
  }
}
