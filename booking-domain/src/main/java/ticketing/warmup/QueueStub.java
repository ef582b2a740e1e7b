package ticketing.warmup;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import ticketing.domain.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Server on a free port of the loopback address that answers the calls of an SQS client and
/// discards their messages.
public final class QueueStub implements AutoCloseable {

  private static final int BACKLOG = 128;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile byte[] received = {};

  private QueueStub(HttpServer server) {
    this.server = server;
  }

  public static QueueStub start() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
    QueueStub stub = new QueueStub(server);
    server.createContext("/", stub::answer);
    server.setExecutor(stub.threads);
    server.start();
    return stub;
  }

  public URI endpoint() {
    InetSocketAddress address = server.getAddress();
    return URI.create("http://127.0.0.1:" + address.getPort());
  }

  /// URL of a queue of this server.
  public String queueUrl() {
    return endpoint() + "/000000000000/warm-up";
  }

  /// Every receive gets a message with this body.
  public void deliver(String body) {
    this.received = body.getBytes(StandardCharsets.UTF_8);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode request = Json.INTERNAL.readTree(exchange.getRequestBody().readAllBytes());
      String target = String.valueOf(exchange.getRequestHeaders().getFirst("X-Amz-Target"));
      ObjectNode response = Json.INTERNAL.createObjectNode();
      switch (target.substring(target.indexOf('.') + 1)) {
        case "GetQueueUrl" -> response.put("QueueUrl", queueUrl());
        case "ReceiveMessage" -> addMessage(response.putArray("Messages"));
        default -> addResults(response, request.path("Entries"));
      }
      byte[] body = Json.INTERNAL.writeValueAsBytes(response);
      exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.0");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private void addMessage(ArrayNode messages) {
    ObjectNode message = messages.addObject();
    message.put("MessageId", UUID.randomUUID().toString());
    message.put("ReceiptHandle", "warm-up");
    message.put("Body", new String(received, StandardCharsets.UTF_8));
    message.put("MD5OfBody", md5(received));
  }

  private static void addResults(ObjectNode response, JsonNode entries) {
    ArrayNode successful = response.putArray("Successful");
    response.putArray("Failed");
    for (JsonNode entry : entries) {
      ObjectNode result = successful.addObject().put("Id", entry.path("Id").asString());
      if (entry.has("MessageBody")) {
        result.put("MessageId", UUID.randomUUID().toString());
        result.put(
            "MD5OfMessageBody",
            md5(entry.path("MessageBody").asString().getBytes(StandardCharsets.UTF_8)));
      }
    }
  }

  /// The client compares it with its own.
  private static String md5(byte[] body) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(body));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }
}
