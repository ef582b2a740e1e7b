package ticketing.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;

/// Clients that send a body slowly, more of them than permits of the process.
class SlowClientTest {

  private static final int PERMITS = 2;
  private static final int SLOW_CLIENTS = 40;

  @Test
  void slowBodiesUseNoPermitAndTimeOut() throws Exception {
    try (IngressFixture ingress =
        IngressFixture.shared()
            .sibling(
                Map.of(
                    "ticketing.http.max-concurrent-requests", String.valueOf(PERMITS),
                    "ticketing.tickets.max-long-polls", "1",
                    "ticketing.http.body-timeout", "1s",
                    "server.tomcat.connection-timeout", "2s"))) {
      List<Socket> clients = new ArrayList<>();
      try {
        for (int i = 0; i < SLOW_CLIENTS; i++) {
          clients.add(slowClient(ingress.port));
        }
        assertThat(ingress.get("/api/v1/events", null).status()).isEqualTo(200);
        // Each byte restarts the timeout of a read, but not the deadline of the body.
        Socket trickling = clients.getFirst();
        Thread trickle = Thread.ofVirtual().start(() -> trickle(trickling));
        for (Socket client : clients) {
          assertThat(answer(client)).startsWith("HTTP/1.1 408 ").contains("REQUEST_TIMEOUT");
        }
        trickle.interrupt();
        trickle.join();
      } finally {
        for (Socket client : clients) {
          client.close();
        }
      }
    }
  }

  private static Socket slowClient(int port) throws IOException {
    Socket client = new Socket(InetAddress.getByName("127.0.0.1"), port);
    client.setSoTimeout(30_000);
    String head =
        "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: 1000\r\n\r\n{";
    client.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
    return client;
  }

  private static void trickle(Socket client) {
    try {
      for (int i = 0; i < 100; i++) {
        client.getOutputStream().write(' ');
        TimeUnit.MILLISECONDS.sleep(200);
      }
    } catch (IOException e) {
      // The server closed the connection.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String answer(Socket client) throws IOException {
    return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
