package ticketing.notifier.asyncapi;

import com.github.victools.jsonschema.generator.CustomDefinition;
import com.github.victools.jsonschema.generator.FieldScope;
import com.github.victools.jsonschema.generator.Option;
import com.github.victools.jsonschema.generator.OptionPreset;
import com.github.victools.jsonschema.generator.SchemaBuilder;
import com.github.victools.jsonschema.generator.SchemaGenerator;
import com.github.victools.jsonschema.generator.SchemaGeneratorConfigBuilder;
import com.github.victools.jsonschema.generator.SchemaVersion;
import com.github.victools.jsonschema.module.jackson.JacksonOption;
import com.github.victools.jsonschema.module.jackson.JacksonSchemaModule;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.web.socket.CloseStatus;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.EventView.Availability;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.handshake.HandshakeAuthenticator;
import ticketing.notifier.handshake.TokenAuthenticator;
import ticketing.notifier.settings.NotifierSettings;
import ticketing.notifier.ticket.MultiTicketHandler;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Makes the AsyncAPI document of the sockets and of the queue: schemas from the types that are
/// written and read, errors and closings from their enums, limits from the default settings,
/// examples by the code that writes frames and messages.
final class AsyncApi {

  private static final String SCHEMAS = "components/schemas";
  private static final String TICKET_ID = "0193597d-5f1c-7a3e-9c55-2f6d8e0b4a11";
  private static final UUID TICKET = UUID.fromString(TICKET_ID);
  private static final Instant ACCEPTED = Instant.parse("2026-11-24T10:00:00.123456Z");
  private static final Instant DECIDED = Instant.parse("2026-11-24T10:00:02.654321Z");
  private static final String USER = "0193597d-0000-7000-8000-000000000017";
  private static final Money PRICE = Money.of("150000.00");

  private static final EnumSet<CloseReason> OF_SOME_SOCKETS =
      EnumSet.of(
          CloseReason.DECIDED,
          CloseReason.NO_SUCH_TICKET,
          CloseReason.NO_SUCH_EVENT,
          CloseReason.TOKEN_EXPIRED,
          CloseReason.TOKEN_ENDED);

  private final NotifierSettings limits =
      new Binder(new MapConfigurationPropertySource(Map.of()))
          .bindOrCreate("ticketing.notifier", NotifierSettings.class);
  private final SchemaBuilder schemas = generator().buildMultipleSchemaDefinitions();
  private final ObjectNode messages = Json.INTERNAL.createObjectNode();

  private AsyncApi() {}

  static JsonNode document() {
    return new AsyncApi().make();
  }

  private JsonNode make() {
    addMessages();
    ObjectNode document = Json.INTERNAL.createObjectNode();
    document.put("asyncapi", "3.0.0");
    document.set("info", node(info()));
    document.put("defaultContentType", "application/json");
    document.set("servers", node(servers()));
    document.set("channels", node(channels()));
    document.set("operations", node(operations()));
    ObjectNode components = document.putObject("components");
    components.set("messages", messages);
    components.set(
        "securitySchemes",
        node(
            map(
                "bearer",
                map(
                    "type",
                    "http",
                    "scheme",
                    "bearer",
                    "bearerFormat",
                    "JWT",
                    "description",
                    "`Authorization: Bearer <token>` or, from a browser, the subprotocols `"
                        + TokenAuthenticator.PROTOCOL
                        + "` and `bearer.<token>`; the server selects `"
                        + TokenAuthenticator.PROTOCOL
                        + "`. Without a good token the handshake gets 401."))));
    components.set("schemas", schemas.collectDefinitions(SCHEMAS));
    return document;
  }

  private Map<String, Object> info() {
    return map(
        "title",
        "Ticketing: sockets and queue",
        "version",
        "1.0.0",
        "description",
        "What the notifier pushes over WebSocket, and what travels through the queue from"
            + " ingress-api to the booking workers. A frame is the whole current state, so a"
            + " repeated frame is harmless. Clients must ignore properties that they do not know.",
        "license",
        map("name", "Apache-2.0", "url", "https://www.apache.org/licenses/LICENSE-2.0"));
  }

  private static Map<String, Object> servers() {
    return map(
        "notifier",
        map(
            "host",
            "{host}",
            "protocol",
            "wss",
            "description",
            "The notifier behind the load balancer; `ws` on one machine",
            "variables",
            map("host", map("default", "localhost:8081"))),
        "queue",
        map(
            "host",
            "sqs.{region}.amazonaws.com",
            "protocol",
            "sqs",
            "description",
            "Amazon SQS, for the processes of the system only",
            "variables",
            map("region", map("default", "ap-northeast-2"))));
  }

  private Map<String, Object> channels() {
    String pings =
        "The server pings every %d s and drops a peer that answers none for %d s."
            .formatted(limits.ping().toSeconds(), limits.unanswered().toSeconds());
    return map(
        "ticket",
        socket(
            "/ws/tickets/{ticketId}",
            "Sends the ticket's state at once, then every change, and closes after the final state."
                + " "
                + pings,
            map(
                "ticketId",
                map("description", "The ticket; somebody else's is as good as unknown")),
            List.of("ticket", "error"),
            List.of(
                CloseReason.DECIDED,
                CloseReason.NO_SUCH_TICKET,
                CloseReason.TOKEN_EXPIRED,
                CloseReason.TOKEN_ENDED),
            Arrays.asList(HandshakeAuthenticator.Refusal.values())),
        "tickets",
        socket(
            "/ws/tickets",
            "One connection, many tickets: up to %d live subscriptions, frames of up to %d bytes. "
                    .formatted(limits.maxSubscriptions(), limits.maxFrame().toBytes())
                + "A bad frame gets an error frame and leaves the connection open. "
                + pings,
            null,
            List.of("subscription", "ticket", "error"),
            List.of(CloseReason.TOKEN_EXPIRED, CloseReason.TOKEN_ENDED),
            Arrays.asList(HandshakeAuthenticator.Refusal.values())),
        "event",
        socket(
            "/ws/events/{eventId}",
            "The seats left of an event, at once and then at most every %d ms while they change. "
                    .formatted(limits.feedInterval().toMillis())
                + "No token is needed. "
                + pings,
            map("eventId", map("description", "The event, a positive number")),
            List.of("availability", "error"),
            List.of(CloseReason.NO_SUCH_EVENT),
            List.of(
                HandshakeAuthenticator.Refusal.UPGRADE_REQUIRED,
                HandshakeAuthenticator.Refusal.TOO_MANY_SOCKETS)),
        "bookings",
        queue(
            "ticketing-bookings",
            "A standard queue with `MessageGroupId` = event id (fair queue). At least once, in"
                + " about this order; a command takes effect once, by its ticket id. After 5"
                + " receives a message goes to the dead letters."),
        "deadLetters",
        queue(
            "ticketing-bookings-dlq",
            "Messages that could not be processed. Their tickets are `REJECTED` with `GAVE_UP`"
                + " until they are moved back and decided."));
  }

  private static Map<String, Object> socket(
      String address,
      String description,
      Map<String, Object> parameters,
      List<String> messages,
      List<CloseReason> own,
      List<HandshakeAuthenticator.Refusal> refusals) {
    Set<CloseReason> closings = EnumSet.complementOf(OF_SOME_SOCKETS);
    closings.addAll(own);
    Map<String, Object> channel =
        map(
            "address",
            address,
            "description",
            description,
            "servers",
            List.of(reference("servers/notifier")),
            "messages",
            messageReferences(messages),
            "bindings",
            map("ws", map("method", "GET", "bindingVersion", "0.1.0")),
            "x-close-codes",
            closings.stream().map(AsyncApi::closing).toList(),
            "x-handshake-errors",
            refusals.stream()
                .map(refusal -> map("status", refusal.status().value(), "code", refusal.name()))
                .toList());
    if (parameters != null) {
      channel.put("parameters", parameters);
    }
    return channel;
  }

  private static Map<String, Object> closing(CloseReason closing) {
    CloseStatus status = closing.status();
    Map<String, Object> told = map("name", closing.name(), "code", status.getCode());
    if (status.getReason() != null) {
      told.put("reason", status.getReason());
    }
    return told;
  }

  private static Map<String, Object> queue(String name, String description) {
    return map(
        "address",
        name,
        "description",
        description,
        "servers",
        List.of(reference("servers/queue")),
        "messages",
        messageReferences(List.of("commands")),
        "bindings",
        map("sqs", map("queue", map("name", name, "fifoQueue", false), "bindingVersion", "0.2.0")));
  }

  private static Map<String, Object> operations() {
    return map(
        "sendTicket",
        operation("send", "ticket", "The state of the ticket", true, "ticket", "error"),
        "receiveSubscription",
        operation("receive", "tickets", "What the client wants to hear of", true, "subscription"),
        "sendTickets",
        operation("send", "tickets", "The states of the tickets", true, "ticket", "error"),
        "sendAvailability",
        operation("send", "event", "The seats left", false, "availability", "error"),
        "queueCommand",
        operation("send", "bookings", "ingress-api queues what it has accepted", false, "commands"),
        "decideCommand",
        operation("receive", "bookings", "A booking worker decides", false, "commands"),
        "noteDeadLetter",
        operation(
            "receive", "deadLetters", "A booking worker tells that it gave up", false, "commands"));
  }

  private static Map<String, Object> operation(
      String action, String channel, String summary, boolean secured, String... messages) {
    Map<String, Object> operation =
        map(
            "action",
            action,
            "channel",
            reference("channels/" + channel),
            "summary",
            summary,
            "messages",
            Arrays.stream(messages)
                .map(message -> reference("channels/" + channel + "/messages/" + message))
                .toList());
    if (secured) {
      operation.put("security", List.of(reference("components/securitySchemes/bearer")));
    }
    return operation;
  }

  private void addMessages() {
    Command booking = new Command.BookSeats(TICKET, USER, 1, "VIP", 2, ACCEPTED, null);
    message(
        "ticket",
        "The whole state of a ticket",
        Ticket.class,
        examples(
            "pending", json(Ticket.pending(booking).withPosition(1_234, 3L)),
            "confirmed", json(decided(TicketStatus.CONFIRMED, null)),
            "rejected", json(decided(TicketStatus.REJECTED, Reason.SOLD_OUT))));
    message(
        "error",
        "Something that was asked for cannot be had",
        ErrorFrame.class,
        examples(
            "ticketNotFound", ErrorFrame.ticketNotFound(TICKET_ID),
            "eventNotFound", ErrorFrame.eventNotFound(),
            "badFrame", ErrorFrame.badFrame("This socket takes no frames"),
            "tooMany", ErrorFrame.tooMany(limits.maxSubscriptions())));
    message(
        "subscription",
        "Subscribes to tickets, or ends that; subscribing again sends the state again",
        MultiTicketHandler.ClientFrame.class,
        Arrays.stream(MultiTicketHandler.Wish.values())
            .collect(
                Collectors.toMap(
                    Enum::name,
                    wish -> json(new MultiTicketHandler.ClientFrame(wish, List.of(TICKET_ID))),
                    (one, other) -> one,
                    LinkedHashMap::new)));
    message(
        "availability",
        "The seats left of an event",
        Availability.class,
        examples(
            "availability",
            json(new Availability(1, 98, List.of(new SeatTypeView("VIP", PRICE, 100, 98))))));
    message(
        "commands",
        "Commands of one event",
        CommandCodec.Envelope.class,
        examples(
            "book", CommandCodec.encode(booking),
            "confirm",
                CommandCodec.encode(new Command.ConfirmHold(TICKET, USER, 1, 42, ACCEPTED, null)),
            "cancel",
                CommandCodec.encode(
                    new Command.CancelReservation(TICKET, USER, 1, 42, false, ACCEPTED, null)),
            "changeSeats",
                CommandCodec.encode(
                    new Command.ChangeSeats(
                        TICKET,
                        USER,
                        1,
                        List.of(new SeatOffer("VIP", PRICE, 100)),
                        ACCEPTED,
                        null))));
  }

  private static Ticket decided(TicketStatus status, Reason reason) {
    boolean sold = reason == null;
    return new Ticket(
        TICKET,
        Action.BOOK,
        status,
        1L,
        "VIP",
        2,
        null,
        null,
        ACCEPTED,
        DECIDED,
        sold ? 42L : null,
        null,
        reason,
        sold ? PRICE.multiply(2) : null);
  }

  private void message(
      String name, String summary, Class<?> payload, Map<String, String> examples) {
    ObjectNode message = messages.putObject(name);
    message.put("name", name);
    message.put("summary", summary);
    if (payload == CommandCodec.Envelope.class) {
      message.set("bindings", node(map("sqs", map("bindingVersion", "0.2.0"))));
    }
    message.set("payload", schemas.createSchemaReference(payload));
    var list = message.putArray("examples");
    examples.forEach(
        (title, json) ->
            list.addObject().put("name", title).set("payload", Json.INTERNAL.readTree(json)));
  }

  /// Every part is there unless it may be null, as nulls are not written.
  private SchemaGenerator generator() {
    SchemaGeneratorConfigBuilder config =
        new SchemaGeneratorConfigBuilder(
                Json.INTERNAL, SchemaVersion.DRAFT_7, OptionPreset.PLAIN_JSON)
            .with(
                Option.DEFINITIONS_FOR_ALL_OBJECTS,
                Option.PLAIN_DEFINITION_KEYS,
                Option.STANDARD_FORMATS)
            .without(Option.SCHEMA_VERSION_INDICATOR)
            .with(
                new JacksonSchemaModule(
                    JacksonOption.ALWAYS_REF_SUBTYPES, JacksonOption.INLINE_TRANSFORMED_SUBTYPES));
    config
        .forTypesInGeneral()
        .withPropertySorter((one, other) -> 0)
        .withCustomDefinitionProvider(
            (type, context) ->
                type.getErasedType() == Money.class
                    ? new CustomDefinition(
                        node(map("type", "string", "pattern", "^" + Money.FORM + "$")))
                    : null);
    config.forFields().withRequiredCheck(field -> !isNullable(field));
    return new SchemaGenerator(config.build());
  }

  private static boolean isNullable(FieldScope field) {
    return field.getRawMember().getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  private static Map<String, Object> messageReferences(List<String> names) {
    return names.stream()
        .collect(
            Collectors.toMap(
                name -> name,
                name -> reference("components/messages/" + name),
                (one, other) -> one,
                LinkedHashMap::new));
  }

  private static Map<String, Object> reference(String to) {
    return map("$ref", "#/" + to);
  }

  /// Names and values by turns, in this order.
  private static Map<String, Object> map(Object... entries) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      map.put((String) entries[i], entries[i + 1]);
    }
    return map;
  }

  private static Map<String, String> examples(String... entries) {
    Map<String, String> examples = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      examples.put(entries[i], entries[i + 1]);
    }
    return examples;
  }

  private static String json(Object value) {
    return Json.INTERNAL.writeValueAsString(value);
  }

  private static ObjectNode node(Map<String, Object> map) {
    return Json.INTERNAL.valueToTree(map);
  }
}
