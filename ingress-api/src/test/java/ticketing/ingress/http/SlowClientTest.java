package ticketing.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.RawHttpClient;

/// Clients that send a body slowly, more of them than permits of the process, and clients that do
/// not read a response.
class SlowClientTest {

  private static final int PERMITS = 2;
  private static final int SLOW_CLIENTS = 40;
  private static final int MANY_SLOW_CLIENTS = 620;
  private static final int SLOW_READERS = 60;
  private static final int PIPELINED_REQUESTS = 20; // their responses fill the buffers of a socket

  @Test
  void slowBodiesUseNoPermitAndTimeOut() throws Exception {
    try (IngressFixture ingress =
        IngressFixture.shared()
            .sibling(
                Map.of(
                    "ticketing.http.max-concurrent-requests", String.valueOf(PERMITS),
                    "ticketing.tickets.max-long-polls", "1",
                    "ticketing.connection.request-timeout", "1s",
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

  /// Probes answer while slow clients and bookings use all permits. Bytes of a head arrive one by
  /// one, so no read times out.
  @Test
  void slowHeadsTimeOutWithoutDelayingProbes() throws Exception {
    try (IngressFixture ingress =
        IngressFixture.shared()
            .sibling(
                Map.of(
                    "ticketing.http.max-concurrent-requests",
                    String.valueOf(PERMITS),
                    "ticketing.connection.request-timeout",
                    "3s"))) {
      List<Socket> heads = new ArrayList<>();
      List<Socket> bodies = new ArrayList<>();
      Semaphore permits = permits(ingress);
      permits.acquire(PERMITS);
      try {
        for (int i = 0; i < MANY_SLOW_CLIENTS; i++) {
          bodies.add(slowClient(ingress.port));
          Socket head = new Socket(InetAddress.getByName("127.0.0.1"), ingress.port);
          head.setSoTimeout(30_000);
          head.getOutputStream().write('G');
          heads.add(head);
        }
        Thread trickle = Thread.ofVirtual().start(() -> heads.forEach(SlowClientTest::trickleOnce));
        for (String probe : List.of("/livez", "/readyz")) {
          assertThat(ingress.get(probe, null).status()).isEqualTo(200);
        }
        assertThat(
                ingress
                    .sendTo(
                        ingress.managementPort(), "GET", "/actuator/health/readiness", null, null)
                    .status())
            .isEqualTo(200);
        permits.release(PERMITS);
        assertThat(ingress.get("/api/v1/events", null).status()).isEqualTo(200);
        trickle.join();
        for (Socket head : heads) {
          trickleOnce(head);
        }
        Thread last = Thread.ofVirtual().start(() -> trickle(heads.getFirst()));
        for (Socket head : heads) {
          assertThat(answer(head)).startsWith("HTTP/1.1 408 ").contains("REQUEST_TIMEOUT");
        }
        last.interrupt();
        last.join();
      } finally {
        for (Socket client : heads) {
          client.close();
        }
        for (Socket client : bodies) {
          client.close();
        }
      }
    }
  }

  private static Semaphore permits(IngressFixture ingress) {
    return ingress.context.getBean(RequestPermitFilter.class).permits();
  }

  private static void trickleOnce(Socket client) {
    try {
      client.getOutputStream().write('E');
    } catch (IOException e) {
      // The server closed the connection.
    }
  }

  @Test
  void slowHeadAndBodyShareOneDeadline() throws Exception {
    try (IngressFixture ingress =
        IngressFixture.shared().sibling(Map.of("ticketing.connection.request-timeout", "4s"))) {
      try (Socket client = new Socket(InetAddress.getByName("127.0.0.1"), ingress.port)) {
        client.setSoTimeout(30_000);
        long start = System.nanoTime();
        client.getOutputStream().write("POST /api/v1/auth/token HTTP/1.1\r\n".getBytes());
        TimeUnit.SECONDS.sleep(3);
        client
            .getOutputStream()
            .write(
                "Host: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
                    .getBytes());
        assertThat(answer(client)).startsWith("HTTP/1.1 408 ");
        // Two deadlines would be 7 s.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(6));
      }
    }
  }

  /// A copy of the map of 60,000 seats has over 3 MB.
  @Test
  void slowReadersShareTheSeatMap() throws Exception {
    try (IngressFixture ingress =
        IngressFixture.shared().sibling(Map.of("server.tomcat.connection-timeout", "60s"))) {
      String seats =
          IntStream.range(0, 60_000)
              .mapToObj(
                  """
                  {"id":"s%d","seatType":"VIP","rank":1,"x":1.5,"y":2.5}\
                  """
                      ::formatted)
              .collect(Collectors.joining(","));
      String event =
          """
          {"eventName":"Concert","eventDate":"2030-12-24T10:00:00Z",
           "seatTypes":[{"seatType":"VIP","price":"5.50"}],
           "seatMap":{"sections":[{"section":"A","rows":[{"row":"1","seats":[%s]}]}]}}\
          """
              .formatted(seats);
      IngressFixture.Answer created = ingress.post("/api/v1/events", ingress.admin(), event);
      String map = "/api/v1/events/" + created.json().get("eventId").asLong() + "/seat-map";
      assertThat(ingress.get(map, null).status()).isEqualTo(200);
      String requests = ("GET " + map + " HTTP/1.1\r\nHost: x\r\n\r\n").repeat(PIPELINED_REQUESTS);
      Semaphore permits = permits(ingress);
      int free = permits.availablePermits();
      long before = usedHeap();
      List<Socket> readers = new ArrayList<>();
      try {
        for (int i = 0; i < SLOW_READERS; i++) {
          Socket reader = new Socket(InetAddress.getByName("127.0.0.1"), ingress.port);
          reader.getOutputStream().write(requests.getBytes(StandardCharsets.UTF_8));
          readers.add(reader);
        }
        await()
            .atMost(Duration.ofSeconds(60))
            .during(Duration.ofSeconds(1))
            .until(() -> permits.availablePermits() == free - SLOW_READERS);
        assertThat((usedHeap() - before) / SLOW_READERS).as("bytes").isLessThan(1 << 20);
      } finally {
        for (Socket reader : readers) {
          reader.close();
        }
      }
    }
  }

  private static long usedHeap() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }

  @Test
  void onlyAdministratorsSendLargeEvents() {
    IngressFixture ingress = IngressFixture.shared();
    String large = IngressFixture.event("").replace("\"Seoul\"", "\"Seoul\"" + " ".repeat(1 << 20));
    assertThat(ingress.post("/api/v1/events", ingress.admin(), large).status()).isEqualTo(201);
    for (String token : new String[] {null, "forged", ingress.token("user-1")}) {
      assertThat(
              RawHttpClient.send(
                      ingress.port,
                      "POST",
                      "/api/v1/events",
                      token == null ? List.of() : List.of("Authorization: Bearer " + token),
                      large.getBytes(StandardCharsets.UTF_8))
                  .status())
          .isEqualTo(413);
    }
    String tooLarge =
        IngressFixture.event("").replace("\"Seoul\"", "\"Seoul\"" + " ".repeat(8 << 20));
    assertThat(
            RawHttpClient.send(
                    ingress.port,
                    "POST",
                    "/api/v1/events",
                    List.of("Authorization: Bearer " + ingress.admin()),
                    tooLarge.getBytes(StandardCharsets.UTF_8))
                .status())
        .isEqualTo(413);
  }
}
