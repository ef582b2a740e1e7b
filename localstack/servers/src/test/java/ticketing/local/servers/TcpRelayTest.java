package ticketing.local.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpRelayTest {

  private final BlockingQueue<Integer> received = new LinkedBlockingQueue<>();
  private ServerSocket server;
  private TcpRelay relay;

  /// A server that sends each byte back.
  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    Thread.ofVirtual().start(this::accept);
    relay = new TcpRelay(new InetSocketAddress("127.0.0.1", server.getLocalPort()));
    relay.start();
  }

  @AfterEach
  void stop() throws IOException {
    relay.close();
    server.close();
  }

  @Test
  void dataPassesInBothDirections() throws IOException {
    try (Socket client = connect()) {
      assertThat(echo(client, 7)).isEqualTo(7);
      assertThat(echo(client, 8)).isEqualTo(8);
    }
  }

  @Test
  void stopRefusesConnectionsUntilStart() throws IOException {
    try (Socket client = connect()) {
      echo(client, 1);
      relay.stop();
      assertThat(isReset(client)).isTrue();
    }
    assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    assertThat(Ports.isFree(relay.port())).isTrue();
    relay.start();
    try (Socket client = connect()) {
      assertThat(echo(client, 2)).isEqualTo(2);
    }
  }

  @Test
  void cutResetsConnectionsUntilHeal() throws IOException {
    try (Socket client = connect()) {
      echo(client, 1);
      relay.cut();
      assertThat(isReset(client)).isTrue();
    }
    try (Socket client = connect()) {
      assertThat(isReset(client)).isTrue();
    }
    relay.heal();
    try (Socket client = connect()) {
      assertThat(echo(client, 2)).isEqualTo(2);
    }
  }

  @Test
  void silencePassesRequestsAndDropsResponses() throws Exception {
    try (Socket client = connect()) {
      echo(client, 1);
      received.clear();
      relay.silence();
      client.setSoTimeout(200);
      assertThatThrownBy(() -> echo(client, 2)).isInstanceOf(SocketTimeoutException.class);
      assertThat(received.poll(5, TimeUnit.SECONDS)).isEqualTo(2);
      relay.heal();
      assertThat(isReset(client)).isTrue();
    }
    try (Socket client = connect()) {
      assertThat(echo(client, 3)).isEqualTo(3);
    }
  }

  @Test
  void delayHoldsDataBackInBothDirections() throws IOException {
    try (Socket client = connect()) {
      echo(client, 1);
      relay.delay(Duration.ofMillis(100));
      long start = System.nanoTime();
      assertThat(echo(client, 2)).isEqualTo(2);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(200));
      relay.heal();
      assertThat(echo(client, 3)).isEqualTo(3);
    }
  }

  private Socket connect() throws IOException {
    Socket client = new Socket("127.0.0.1", relay.port());
    client.setSoTimeout(5_000);
    return client;
  }

  private static int echo(Socket client, int value) throws IOException {
    client.getOutputStream().write(value);
    return client.getInputStream().read();
  }

  private static boolean isReset(Socket client) {
    try {
      return client.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Thread.ofVirtual().start(() -> echoAll(client));
      } catch (IOException e) {
        // The server is closed, or the client is.
        continue;
      }
    }
  }

  private void echoAll(Socket client) {
    try (client) {
      for (int next = client.getInputStream().read();
          next >= 0;
          next = client.getInputStream().read()) {
        received.add(next);
        client.getOutputStream().write(next);
      }
    } catch (IOException e) {
      // The relay reset the connection.
      received.clear();
    }
  }
}
