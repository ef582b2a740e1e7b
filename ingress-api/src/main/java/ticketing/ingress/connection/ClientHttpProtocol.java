package ticketing.ingress.connection;

import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.coyote.Processor;
import org.apache.coyote.UpgradeToken;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// HTTP/1.1 in Tomcat with two additions. A head that is not complete at its deadline gets 408 and
/// its connection is closed. A request with a [PendingResponse] releases all buffers and threads.
///
/// Tomcat's own timeouts apply to each read, so they do not limit a head that arrives in small
/// parts.
public final class ClientHttpProtocol extends Http11NioProtocol {

  private static final Logger log = LoggerFactory.getLogger(ClientHttpProtocol.class);
  private static final Duration CHECK_INTERVAL = Duration.ofMillis(500);

  private volatile long headTimeoutNanos = Duration.ofSeconds(5).toNanos();
  private volatile byte[] headTimeoutResponse = {};
  private ScheduledFuture<?> check;

  /// @param timeout maximum time from the first to the last byte of a head
  /// @param response sent before the connection is closed
  void setHeadTimeout(Duration timeout, byte[] response) {
    this.headTimeoutNanos = timeout.toNanos();
    this.headTimeoutResponse = response;
  }

  @Override
  public void start() throws Exception {
    super.start();
    check =
        getUtilityExecutor()
            .scheduleWithFixedDelay(
                this::closeSlowHeads,
                CHECK_INTERVAL.toMillis(),
                CHECK_INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
  }

  @Override
  public void stop() throws Exception {
    if (check != null) {
      check.cancel(false);
      check = null;
    }
    super.stop();
  }

  @Override
  protected Processor createProcessor() {
    return new ClientProcessor(this, headTimeoutResponse);
  }

  @Override
  protected Processor createUpgradeProcessor(
      SocketWrapperBase<?> connection, UpgradeToken upgradeToken) {
    return upgradeToken.httpUpgradeHandler() instanceof ParkedRequest parked
        ? parked.attach(connection, getKeepAliveTimeout())
        : super.createUpgradeProcessor(connection, upgradeToken);
  }

  /// Tomcat then processes the error as one of a read. An exception would end the schedule.
  private void closeSlowHeads() {
    for (SocketWrapperBase<NioChannel> connection : getEndpoint().getConnections()) {
      try {
        if (hasSlowHead(connection)) {
          connection.setError(new SocketTimeoutException());
          connection.processSocket(SocketEvent.ERROR, true);
        }
      } catch (RuntimeException e) {
        log.warn("cannot close connection with slow head", e);
      }
    }
  }

  /// A connection has a current processor between two reads of a head only.
  private boolean hasSlowHead(SocketWrapperBase<NioChannel> connection) {
    return !connection.isClosed()
        && connection.getCurrentProcessor() instanceof ClientProcessor processor
        && processor.hasIncompleteHead()
        && System.nanoTime() - processor.startNanos() > headTimeoutNanos;
  }
}
