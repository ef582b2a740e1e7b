package ticketing.ingress.ticket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;

/// Long polls over raw connections, on an instance that processes two requests at a time.
class LongPollTest {

  private static final int POLLS = 100;
  private static final String ORIGIN = "https://shop.example";

  private static final Pattern LENGTH =
      Pattern.compile("content-length: ([0-9]+)", Pattern.CASE_INSENSITIVE);

  private static final Pattern PROCESSORS =
      Pattern.compile("\\d+: +(\\d+) +\\d+ +ticketing\\.ingress\\.connection\\.ClientProcessor\\s");

  private static IngressFixture ingress;

  private final List<Socket> clients = new ArrayList<>();

  @BeforeAll
  static void start() {
    ingress = IngressFixture.shared().sibling(settings());
  }

  private static Map<String, String> settings() {
    return Map.of(
        "ticketing.http.cors-origins", ORIGIN,
        "ticketing.http.max-concurrent-requests", "2",
        "ticketing.http.max-received-requests", "10",
        "ticketing.tickets.max-long-polls", "250");
  }

  @AfterAll
  static void stop() {
    ingress.close();
  }

  @AfterEach
  void disconnect() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    await().until(() -> open(ingress) == 0);
  }

  private static int open(IngressFixture instance) {
    return instance.context.getBean(LongPolls.class).count();
  }

  private Socket connect(IngressFixture instance) throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), instance.port);
    client.setSoTimeout(30_000);
    clients.add(client);
    return client;
  }

  private static String request(String method, Command command, String user, String... headers) {
    return method
        + " /api/v1/tickets/"
        + command.ticketId()
        + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        + ingress.token(user)
        + "\r\n"
        + String.join("", headers)
        + "\r\n";
  }

  private Socket poll(String user, Command command) throws IOException {
    return send(connect(ingress), request("GET", command, user, "Prefer: wait=20\r\n"));
  }

  private static Socket send(Socket client, String request) throws IOException {
    client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return client;
  }

  /// Reads one response with a length.
  private static String read(Socket client) throws IOException {
    InputStream in = client.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      assertThat(next).as("end of the input after: %s", head).isNotNegative();
      head.append((char) next);
    }
    Matcher length = LENGTH.matcher(head);
    if (length.find()) {
      byte[] body = in.readNBytes(Integer.parseInt(length.group(1)));
      return head + new String(body, StandardCharsets.UTF_8);
    }
    if (head.indexOf("chunked") >= 0) {
      StringBuilder body = new StringBuilder();
      while (body.indexOf("0\r\n\r\n") < 0) {
        body.append((char) in.read());
      }
      return head.append(body).toString();
    }
    return head.toString();
  }

  /// One booking each of as many users as polls.
  private static List<Command> bookedByUsers() {
    long event = ingress.newEvent();
    return Stream.generate(() -> ingress.booked(IngressFixture.newUser(), event, 1))
        .limit(POLLS)
        .toList();
  }

  /// Each live processor has buffers of about 60 KiB.
  private static long liveProcessors() throws JMException {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    Matcher count = PROCESSORS.matcher(histogram);
    return count.find() ? Long.parseLong(count.group(1)) : 0;
  }

  /// Without a cache of processors, a connection that keeps its processor is the only reference.
  @Test
  void eachHeaderLineOccursOnce() throws IOException {
    String user = IngressFixture.newUser();
    Command command = ingress.booked(user, ingress.newEvent(), 1);
    String answer =
        read(
            send(
                connect(ingress),
                request("GET", command, user, "Prefer: wait=1\r\n", "Origin: " + ORIGIN + "\r\n")));
    assertThat(answer.lines().filter(line -> line.startsWith("Vary: ")))
        .contains("Vary: Prefer", "Vary: Origin")
        .doesNotHaveDuplicates();
  }

  @Test
  void idleConnectionsAndPollsKeepNoBuffers() throws IOException, JMException {
    List<Command> commands = bookedByUsers();
    try (IngressFixture fresh =
        IngressFixture.shared().sibling(Map.of("server.tomcat.processor-cache", "0"))) {
      long before = liveProcessors();
      for (Command command : commands) {
        send(connect(fresh), request("GET", command, command.userId()));
        assertThat(read(clients.getLast())).startsWith("HTTP/1.1 200 ");
      }
      assertThat(liveProcessors() - before).as("idle connections").isLessThan(POLLS / 2);
      for (int i = 0; i < POLLS; i++) {
        Command command = commands.get(i);
        send(clients.get(i), request("GET", command, command.userId(), "Prefer: wait=20\r\n"));
      }
      await().until(() -> open(fresh) == POLLS);
      assertThat(liveProcessors() - before).as("polls").isLessThan(POLLS / 2);
    }
  }

  @Test
  void waitingPollsUseNoPermitAndNoThread() throws IOException {
    List<Command> commands = bookedByUsers();
    for (Command command : commands) {
      poll(command.userId(), command);
    }
    await().until(() -> open(ingress) == POLLS);
    long event = commands.getFirst().eventId();
    assertThat(ingress.get("/api/v1/events/" + event, null).status()).isEqualTo(200);
    for (Command command : commands) {
      ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    }
    for (int i = 0; i < POLLS; i++) {
      assertThat(read(clients.get(i)))
          .startsWith("HTTP/1.1 200 ")
          .contains("Preference-Applied: wait=20", "ETag: ", "Cache-Control: ", "SOLD_OUT");
      // The connection stays usable.
      send(clients.get(i), request("GET", commands.get(i), commands.get(i).userId()));
      assertThat(read(clients.get(i))).startsWith("HTTP/1.1 200 ").contains("SOLD_OUT");
    }
    assertThat(open(ingress)).isZero();
  }

  @Test
  void disconnectEndsThePoll() throws IOException {
    String user = IngressFixture.newUser();
    Socket client = poll(user, ingress.booked(user, ingress.newEvent(), 1));
    await().until(() -> open(ingress) == 1);
    client.close();
    await().until(() -> open(ingress) == 0);
  }

  @Test
  void pollsOfOneUserAreLimited() throws IOException {
    String user = IngressFixture.newUser();
    Command command = ingress.booked(user, ingress.newEvent(), 1);
    for (int i = 0; i < 10; i++) {
      poll(user, command);
    }
    await().until(() -> open(ingress) == 10);
    assertThat(read(poll(user, command)))
        .startsWith("HTTP/1.1 429 ")
        .contains("Retry-After: ", "RATE_LIMITED");
    String other = IngressFixture.newUser();
    poll(other, ingress.booked(other, ingress.newEvent(), 1));
    await().until(() -> open(ingress) == 11);
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    await().until(() -> open(ingress) == 1);
    assertThat(read(poll(user, command))).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void furtherRequestIsAnsweredAfterThePoll() throws IOException {
    String user = IngressFixture.newUser();
    Command command = ingress.booked(user, ingress.newEvent(), 1);
    Socket client = poll(user, command);
    await().until(() -> open(ingress) == 1);
    send(client, request("HEAD", command, user));
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    assertThat(read(client)).startsWith("HTTP/1.1 200 ").contains("SOLD_OUT");
    assertThat(client.getInputStream().readNBytes(12))
        .asString(StandardCharsets.US_ASCII)
        .isEqualTo("HTTP/1.1 200");
  }

  @Test
  void pipelinedPollIsAnsweredImmediately() throws IOException {
    String user = IngressFixture.newUser();
    Command command = ingress.booked(user, ingress.newEvent(), 1);
    Socket client =
        send(
            connect(ingress),
            request("GET", command, user, "Prefer: wait=20\r\n") + request("GET", command, user));
    assertThat(read(client)).startsWith("HTTP/1.1 200 ").contains("PENDING");
    assertThat(read(client)).startsWith("HTTP/1.1 200 ").contains("PENDING");
  }

  @Test
  void closedConnectionAndTagAreHonoured() throws IOException {
    String user = IngressFixture.newUser();
    Command command = ingress.booked(user, ingress.newEvent(), 1);
    String unchanged =
        ingress.get("/api/v1/tickets/" + command.ticketId(), ingress.token(user)).header("ETag");
    Socket client =
        send(
            connect(ingress),
            request(
                "GET",
                command,
                user,
                "Prefer: wait=1\r\nConnection: close\r\n",
                "If-None-Match: " + unchanged + "\r\n"));
    assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .startsWith("HTTP/1.1 304 ")
        .contains("ETag: " + unchanged, "Connection: close", "Preference-Applied: wait=1")
        .endsWith("\r\n\r\n");
  }

  @Test
  void shutdownAnswersOpenPolls() throws IOException {
    String user = IngressFixture.newUser();
    Socket client;
    try (IngressFixture stopping = ingress.sibling(settings())) {
      Command command = stopping.booked(user, stopping.newEvent(), 1);
      client = send(connect(stopping), request("GET", command, user, "Prefer: wait=20\r\n"));
      await().until(() -> open(stopping) == 1);
    }
    assertThat(read(client)).startsWith("HTTP/1.1 200 ").contains("PENDING");
  }
}
