package ticketing.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TicketSocketTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Pattern UUID_TEXT = Pattern.compile("[0-9a-f-]{36}");
  private static final RetryPolicy RETRIES =
      new RetryPolicy(1, LIMIT, Duration.ofMillis(10), Duration.ofMillis(50));

  private final UUID id = UUID.randomUUID();
  private final Recorder recorder = new Recorder();
  private final List<AutoCloseable> resources = new ArrayList<>();

  private static final class Recorder implements TicketSocket.Listener {
    final List<Ticket.Status> states = new CopyOnWriteArrayList<>();
    final List<String> errors = new CopyOnWriteArrayList<>();
    final List<String> losses = new CopyOnWriteArrayList<>();

    @Override
    public void onTicket(Ticket ticket) {
      states.add(ticket.status());
    }

    @Override
    public void onError(String code, String detail) {
      errors.add(code);
    }

    @Override
    public void onConnectionLost(String cause) {
      losses.add(cause);
    }
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : resources.reversed()) {
      resource.close();
    }
  }

  @Test
  void ticketSocketEndsAfterTheFinalState() throws Exception {
    TestNotifier notifier =
        notifier(
            new TestNotifier.Behaviour() {
              @Override
              public void opened(int number, TestNotifier.Peer peer) throws IOException {
                peer.send(frame(id, "PENDING"));
                peer.send(frame(id, "HELD"));
                peer.close();
              }
            });
    try (TicketSocket socket = TicketSocket.openForTicket(notifier.url(), id, "token", recorder)) {
      assertThat(socket.awaitEnd(LIMIT)).isTrue();
      assertThat(socket.isOpen()).isFalse();
    }
    assertThat(recorder.states).containsExactly(Ticket.Status.PENDING, Ticket.Status.HELD);
    assertThat(recorder.losses).singleElement().asString().contains("1000");
    assertThat(notifier.paths).containsExactly("/ws/tickets/" + id);
  }

  @Test
  void refusedHandshakeCarriesItsStatus() throws Exception {
    TestNotifier notifier =
        notifier(
            new TestNotifier.Behaviour() {
              @Override
              public boolean admits(int number, String token) {
                return false;
              }
            });
    assertThatThrownBy(() -> TicketSocket.open(notifier.url(), "token", recorder))
        .isInstanceOfSatisfying(
            TicketSocket.HandshakeException.class,
            refused -> assertThat(refused.status()).isEqualTo(401));
    assertThatThrownBy(() -> TicketSocket.open(URI.create("ws://127.0.0.1:1"), "token", recorder))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(TicketSocket.HandshakeException.class);
  }

  @Test
  void followerReceivesTheDecisionAfterALostConnection() throws Exception {
    TestNotifier notifier =
        notifier(
            new TestNotifier.Behaviour() {
              @Override
              public void received(int number, TestNotifier.Peer peer, String frame)
                  throws IOException {
                assertThat(frame).contains("\"subscribe\"", id.toString());
                if (number == 1) {
                  peer.send(frame(id, "PENDING"));
                  // A reset discards frames that the client has not read.
                  Awaitility.await().atMost(LIMIT).until(() -> !recorder.states.isEmpty());
                  peer.drop();
                } else {
                  peer.send(frame(id, "CONFIRMED"));
                  peer.send(frame(id, "CONFIRMED"));
                }
              }
            });
    TicketFollower follower = follower(notifier, Session.ofToken("token"));

    follower.follow(id);

    Awaitility.await().atMost(LIMIT).until(() -> follower.undecided() == 0);
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(() ->
            assertThat(recorder.states)
                .containsExactly(Ticket.Status.PENDING, Ticket.Status.CONFIRMED));
    assertThat(recorder.losses).isNotEmpty().noneMatch(cause -> cause.contains("Exception"));
  }

  @Test
  void followerSubscribesAgainAfterAnErrorFrame() throws Exception {
    List<String> frames = new CopyOnWriteArrayList<>();
    TestNotifier notifier =
        notifier(
            new TestNotifier.Behaviour() {
              @Override
              public void received(int number, TestNotifier.Peer peer, String frame)
                  throws IOException {
                frames.add(frame);
                peer.send(
                    frames.size() == 1
                        ? "{\"error\":{\"code\":\"TICKET_NOT_FOUND\",\"detail\":\"unknown\"}}"
                        : frame(id, "REJECTED"));
              }
            });
    TicketFollower follower = follower(notifier, Session.ofToken("token"));

    follower.follow(id);

    Awaitility.await().atMost(LIMIT).until(() -> follower.undecided() == 0);
    assertThat(recorder.errors).containsExactly("TICKET_NOT_FOUND");
    assertThat(notifier.connections).hasValue(1);
  }

  @Test
  void followerRenewsARefusedToken() throws Exception {
    ScriptedServer ingress =
        new ScriptedServer(
            ScriptedServer.response(200, "{\"accessToken\":\"old\"}"),
            ScriptedServer.response(200, "{\"accessToken\":\"new\"}"));
    resources.add(ingress);
    TestNotifier notifier =
        notifier(
            new TestNotifier.Behaviour() {
              @Override
              public boolean admits(int number, String token) {
                return token.equals("new");
              }

              @Override
              public void received(int number, TestNotifier.Peer peer, String frame)
                  throws IOException {
                peer.send(frame(id, "CANCELLED"));
              }
            });
    TicketFollower follower =
        follower(notifier, Session.ofPassword(ingress.url(), "a@example.com", "secret"));

    follower.follow(id);

    Awaitility.await().atMost(LIMIT).until(() -> follower.undecided() == 0);
    assertThat(ingress.requests).hasSize(2);
  }

  @Test
  void followerStaysBelowTheSubscriptionLimit() throws Exception {
    Set<UUID> live = Collections.synchronizedSet(new HashSet<>());
    Set<UUID> seen = ConcurrentHashMap.newKeySet();
    Set<Integer> sizes = ConcurrentHashMap.newKeySet();
    TestNotifier notifier =
        notifier(
            new TestNotifier.Behaviour() {
              @Override
              public void received(int number, TestNotifier.Peer peer, String frame)
                  throws IOException {
                for (Matcher uuid = UUID_TEXT.matcher(frame); uuid.find(); ) {
                  live.add(UUID.fromString(uuid.group()));
                }
                seen.addAll(live);
                sizes.add(live.size());
                int decisions = seen.size() == 300 ? live.size() : live.size() / 2 + 1;
                for (UUID decided : List.copyOf(live).subList(0, decisions)) {
                  live.remove(decided);
                  peer.send(frame(decided, "CONFIRMED"));
                }
              }
            });
    TicketFollower follower = follower(notifier, Session.ofToken("token"));

    Stream.generate(UUID::randomUUID).limit(300).forEach(follower::follow);

    Awaitility.await().atMost(LIMIT).until(() -> follower.undecided() == 0);
    Awaitility.await().atMost(LIMIT).until(() -> recorder.states.size() == 300);
    assertThat(sizes).allMatch(size -> size <= TicketSocket.MAX_SUBSCRIPTIONS);
  }

  private static String frame(UUID id, String status) {
    return "{\"ticketId\":\"%s\",\"action\":\"BOOK\",\"status\":\"%s\"}".formatted(id, status);
  }

  private TestNotifier notifier(TestNotifier.Behaviour behaviour) throws IOException {
    TestNotifier notifier = new TestNotifier(behaviour);
    resources.add(notifier);
    return notifier;
  }

  private TicketFollower follower(TestNotifier notifier, Session session) {
    TicketFollower follower =
        new TicketFollower(List.of(notifier.url()), session, RETRIES, recorder);
    resources.add(follower);
    return follower;
  }
}
