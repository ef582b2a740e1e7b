package ticketing.notifier.asyncapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.web.socket.CloseStatus;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.ProjectRoot;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.handshake.HandshakeRefusal;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// Comparison of the AsyncAPI document with the code. The frames of the other tests are validated
/// by their test client.
class AsyncApiDocumentTest {

  private static final Path DOCS = ProjectRoot.root().resolve("docs");
  private static final UUID TICKET = UUID.fromString("0193597d-5f1c-7a3e-9c55-2f6d8e0b4a11");
  private static final Instant ACCEPTED = Instant.parse("2026-11-24T10:00:00.123456Z");
  private static final Set<CloseReason> SINGLE_CHANNEL_REASONS =
      Set.of(CloseReason.DECIDED, CloseReason.NO_SUCH_TICKET, CloseReason.NO_SUCH_EVENT);

  private final AsyncApiDocument document = AsyncApiDocument.committed();

  @Test
  void documentIsValidAsyncApi() throws IOException {
    assertThat(asyncApiSchema().validate(document.json())).isEmpty();
  }

  @Test
  void invalidDocumentIsDetected() throws IOException {
    ObjectNode invalid = (ObjectNode) document.json().deepCopy();
    ((ObjectNode) invalid.at("/operations/sendTicket")).put("action", "publish");
    assertThat(asyncApiSchema().validate(invalid)).isNotEmpty();
  }

  private static Schema asyncApiSchema() throws IOException {
    try (InputStream schema =
        AsyncApiDocumentTest.class.getResourceAsStream("/ticketing/notifier/asyncapi-3.0.0.json")) {
      return AsyncApiDocument.SCHEMAS.getSchema(schema);
    }
  }

  @Test
  void examplesMatchTheirSchemas() {
    for (JsonNode message : document.json().at("/components/messages")) {
      assertThat(message.get("examples")).isNotEmpty();
      for (JsonNode example : message.get("examples")) {
        assertThat(
                document.validate(Set.of(message.get("name").asString()), example.get("payload")))
            .as(example.toString())
            .isEmpty();
      }
    }
  }

  static Stream<String> undocumentedFrames() {
    return Stream.of(
        "{}",
        "{\"other\":1}",
        "{\"error\":{\"code\":\"OTHER\",\"detail\":\"x\"}}",
        "{\"error\":{\"code\":\"BAD_FRAME\",\"detail\":\"x\",\"other\":1}}",
        ticketFrame("LOST", ""),
        ticketFrame("PENDING", ",\"owner\":\"17\""),
        ticketFrame("PENDING", ",\"position\":-1"));
  }

  @ParameterizedTest
  @MethodSource("undocumentedFrames")
  void undocumentedFrameIsDetected(String frame) {
    String path = "/ws/tickets/" + TICKET;
    assertThat(document.validateServerFrame(path, Json.INTERNAL.readTree(frame))).isNotEmpty();
    assertThat(
            document.validateServerFrame(path, Json.INTERNAL.readTree(ticketFrame("PENDING", ""))))
        .isEmpty();
  }

  private static String ticketFrame(String status, String more) {
    return "{\"ticketId\":\"%s\",\"action\":\"BOOK\",\"status\":\"%s\",\"eventId\":1,\"acceptedAt\":\"%s\"%s}"
        .formatted(TICKET, status, ACCEPTED, more);
  }

  @Test
  void everyCommandMatchesItsSchema() {
    List<Command> commands =
        List.of(
            new Command.BookSeats(TICKET, "17", 1, "VIP", 2, ACCEPTED, "f", TICKET),
            new Command.BookSeats(TICKET, "17", 1, "VIP", 2, ACCEPTED),
            new Command.ConfirmHold(TICKET, "17", 1, 42, ACCEPTED),
            new Command.CancelReservation(TICKET, "17", 1, 42, true, ACCEPTED),
            new Command.ChangeSeats(
                TICKET,
                "17",
                1,
                List.of(new SeatOffer("VIP", Money.of("150000.00"), 100)),
                ACCEPTED),
            new Command.JoinWaitingList(
                TICKET, "17", 1, "VIP", 2, ACCEPTED, "f", TICKET, Money.of("150000.00")),
            new Command.LeaveWaitingList(TICKET, "17", 1, 7, ACCEPTED, null, null));
    assertThat(new HashSet<>(commands.stream().map(Command::action).toList()))
        .containsExactlyInAnyOrder(Action.values());
    assertThat(
            document.validate(
                Set.of("commands"), Json.INTERNAL.readTree(CommandCodec.encode(commands))))
        .isEmpty();
  }

  @Test
  void enumerationsMatchTheCode() {
    assertThat(document.enumeration("Action"))
        .containsExactlyElementsOf(AsyncApiDocument.names(Action.values()));
    assertThat(document.enumeration("TicketStatus"))
        .containsExactlyElementsOf(AsyncApiDocument.names(TicketStatus.values()));
    assertThat(document.enumeration("Reason"))
        .containsExactlyElementsOf(AsyncApiDocument.names(Reason.values()));
    assertThat(document.enumeration("ErrorCode"))
        .containsExactlyElementsOf(AsyncApiDocument.names(ErrorFrame.Code.values()));
    assertThat(document.json().at("/components/schemas/Money/pattern").asString())
        .isEqualTo("^" + Money.FORM + "$");
  }

  @Test
  void closeCodesMatchTheCode() {
    Set<String> all = new HashSet<>();
    for (JsonNode channel : document.json().get("channels")) {
      Set<String> documented = new HashSet<>();
      for (JsonNode code : channel.path("x-close-codes")) {
        CloseStatus status = CloseReason.valueOf(code.get("name").asString()).status();
        assertThat(code.get("code").asInt()).isEqualTo(status.getCode());
        assertThat(code.path("reason").asString(null)).isEqualTo(status.getReason());
        documented.add(code.get("name").asString());
      }
      if (channel.has("x-close-codes")) {
        boolean tokenRequired = !channel.get("address").asString().startsWith("/ws/events");
        assertThat(documented).containsAll(requiredReasons(tokenRequired));
      }
      all.addAll(documented);
    }
    assertThat(all)
        .containsExactlyInAnyOrderElementsOf(AsyncApiDocument.names(CloseReason.values()));
  }

  private static List<String> requiredReasons(boolean tokenRequired) {
    return Stream.of(CloseReason.values())
        .filter(reason -> !SINGLE_CHANNEL_REASONS.contains(reason))
        .filter(reason -> tokenRequired || !reason.name().startsWith("TOKEN_"))
        .map(Enum::name)
        .toList();
  }

  @Test
  void handshakeErrorsMatchTheCode() {
    Set<String> documented = new HashSet<>();
    for (JsonNode channel : document.json().get("channels")) {
      for (JsonNode error : channel.path("x-handshake-errors")) {
        String code = error.get("code").asString();
        assertThat(error.get("status").asInt())
            .isEqualTo(HandshakeRefusal.valueOf(code).status().value());
        documented.add(code);
      }
    }
    assertThat(documented)
        .containsExactlyInAnyOrderElementsOf(AsyncApiDocument.names(HandshakeRefusal.values()));
  }

  @Test
  void ticketEqualsTheOneOfTheRestApi() throws IOException {
    Path openApi = ProjectRoot.root().resolve("ingress-api/src/main/resources/openapi.yaml");
    JsonNode rest = YAMLMapper.builder().build().readTree(Files.readString(openApi));
    JsonNode pushed = document.json().at("/components/schemas/Ticket");
    JsonNode polled = rest.at("/components/schemas/Ticket");

    assertThat(pushed.get("properties").propertyNames())
        .containsExactlyElementsOf(polled.get("properties").propertyNames());
    assertThat(AsyncApiDocument.texts(pushed.get("required")))
        .containsExactlyInAnyOrderElementsOf(AsyncApiDocument.texts(polled.get("required")));
  }

  @Test
  void errorPageListsEveryErrorOfAConnection() throws IOException {
    List<String> cells =
        Files.readString(DOCS.resolve("reference/errors.md"))
            .lines()
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.split("\\|")[1].strip().replace("`", ""))
            .toList();
    assertThat(cells)
        .containsAll(AsyncApiDocument.names(ErrorFrame.Code.values()))
        .containsAll(AsyncApiDocument.names(HandshakeRefusal.values()));
    assertThat(cells)
        .filteredOn(cell -> cell.matches("1\\d{3}( .*)?"))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(CloseReason.values())
                .map(CloseReason::status)
                .map(s -> s.getCode() + (s.getReason() == null ? "" : " " + s.getReason()))
                .toList());
  }
}
