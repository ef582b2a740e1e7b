package ticketing.ingress.problem;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.RawHttpClient;

/// Every response to a malformed request is a documented problem detail.
class ProblemDetailTest {

  private static final int REQUESTS = 1500;
  private static final String JSON = "Content-Type: application/json";
  private static final List<String> ROUTES =
      List.of(
          "/api/v1/users",
          "/api/v1/auth/token",
          "/api/v1/auth/logout",
          "/api/v1/users/me",
          "/api/v1/users/me/reservations",
          "/api/v1/events",
          "/api/v1/events/{}",
          "/api/v1/reservations",
          "/api/v1/reservations/{}",
          "/api/v1/reservations/{}/confirmation",
          "/api/v1/tickets/{}",
          "/api/v1/operations/queue",
          "/api/v1/operations/dead-letters/{}",
          "/api/v1/operations/caches/eviction",
          "/api/v1/operations/events/{}/pause",
          "/api/v1/{}",
          "/{}",
          "/error");
  private static final List<String> METHODS =
      List.of("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO");
  private static final List<String> IDS =
      List.of(
          "1",
          "0",
          "-1",
          "9223372036854775807",
          "9223372036854775808",
          "1e999",
          "0x1",
          "%00",
          "%zz",
          "%",
          "%E0%A4",
          "%2e%2e",
          "..",
          "%2F",
          "%252F",
          "a;b=c",
          "%ff%fe",
          "%F0%9F%8E%AB",
          "null",
          "1'or'1'='1",
          "01930000-0000-7000-8000-000000000000",
          "1-1-1-1-1",
          "me");
  private static final List<String> QUERIES =
      List.of(
          "",
          "?",
          "?page=%zz",
          "?page=1e999",
          "?page=",
          "?size=-1&size=1",
          "?status=%00",
          "?%00=1",
          "?%ff=1",
          "?from=%E2%98%83",
          "?from=0000-00-00T00:00:00Z",
          "?to=+999999999-12-31T23:59:59Z",
          "?status=active",
          "?a[]=1&b[c]=2",
          "?" + "x".repeat(2000));
  private static final List<String> HEADERS =
      List.of(
          "Accept: application/json",
          "Accept: text/html",
          "Accept: nonsense",
          "Accept: */*;q=x",
          "Accept-Language: xx-YY;q=9,*",
          "Accept-Encoding: gzip",
          "Accept-Charset: nonsense",
          "Content-Type: nonsense",
          "Content-Type: application/json;charset=nonsense",
          "Content-Type: application/json;charset=UTF-16",
          "Content-Type: application/x-www-form-urlencoded",
          "Content-Type: multipart/form-data",
          "Content-Type: multipart/form-data;boundary=x",
          "Content-Type: text/plain",
          "Content-Encoding: gzip",
          "Idempotency-Key: k",
          "Idempotency-Key: \u00e9",
          "Idempotency-Key:",
          "Prefer: wait=-1",
          "Prefer: wait=99999999999999999999",
          "Prefer: ;;,,=",
          "If-None-Match: \"",
          "If-None-Match: W/\"a\", *",
          "If-Match: *",
          "If-Modified-Since: never",
          "Range: bytes=5-1",
          "Origin: null",
          "X-Forwarded-For: ,,",
          "X-HTTP-Method-Override: DELETE",
          "Expect: nonsense",
          "Upgrade: websocket",
          "Cookie: a=\u0001; ;=");
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1e999",
          "1.5",
          "99999999999999999999",
          "\"\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"\ud83c\udfab\"",
          "[]",
          "{}",
          "\"2026-99-99T00:00:00Z\"",
          "\"VIP\"",
          "[[[[[[[[]]]]]]]]");
  private static final List<String> FIELDS =
      List.of(
          "email",
          "password",
          "name",
          "eventId",
          "seatType",
          "quantity",
          "eventName",
          "eventDate",
          "saleOpensAt",
          "maxSeatsPerUser",
          "holdMinutes",
          "seatTypes",
          "unknown");

  private final IngressFixture ingress = IngressFixture.shared();

  private static <T> T any(Random random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  @Test
  void randomRequestsGetDocumentedResponses() {
    for (long seed = 0; seed < REQUESTS; seed++) {
      sendRandomRequest(seed);
    }
  }

  private void sendRandomRequest(long seed) {
    Random random = new Random(seed);
    String method = any(random, METHODS);
    String target = any(random, ROUTES).replace("{}", any(random, IDS)) + any(random, QUERIES);
    List<String> headers = new ArrayList<>();
    int headerCount = random.nextInt(4);
    for (int i = 0; i < headerCount; i++) {
      headers.add(any(random, HEADERS));
    }
    if (headers.stream().noneMatch(header -> header.startsWith("Content-Type"))) {
      headers.add(JSON);
    }
    switch (random.nextInt(5)) {
      case 0 -> headers.add("Authorization: Bearer " + ingress.admin());
      case 1 -> headers.add("Authorization: Bearer nonsense");
      case 2 -> {}
      default -> headers.add("Authorization: Bearer " + ingress.token("fuzz"));
    }
    byte[] body = random.nextInt(4) == 0 ? null : body(random);
    check(
        RawHttpClient.send(ingress.port, method, target, headers, body),
        method,
        "seed " + seed + ": " + method + " " + target + " " + headers);
  }

  private byte[] body(Random random) {
    switch (random.nextInt(6)) {
      case 0 -> {
        byte[] noise = new byte[random.nextInt(200)];
        random.nextBytes(noise);
        return noise;
      }
      case 1 -> {
        String good = IngressFixture.event("");
        int at = random.nextInt(good.length());
        return (good.substring(0, at) + (char) random.nextInt(0xffff) + good.substring(at + 1))
            .getBytes(StandardCharsets.UTF_16LE);
      }
      case 2 -> {
        return any(random, VALUES).getBytes(StandardCharsets.UTF_8);
      }
      default -> {
        StringBuilder json = new StringBuilder("{");
        int fields = random.nextInt(5);
        for (int i = 0; i < fields; i++) {
          json.append(i == 0 ? "" : ",")
              .append('"')
              .append(any(random, FIELDS))
              .append("\":")
              .append(any(random, VALUES));
        }
        return json.append('}').toString().getBytes(StandardCharsets.UTF_8);
      }
    }
  }

  private static void check(RawHttpClient.Answer answer, String method, String request) {
    assertThat(answer.status()).as(request).isNotZero();
    if (answer.status() < 400) {
      return;
    }
    assertThat(answer.status())
        .as(request)
        .isIn(400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 417, 422, 429, 431, 501, 503, 505);
    if (method.equals("HEAD")) {
      return;
    }
    if (isPageOfUnknownAddress(answer, method, request)) {
      assertThat(answer.body()).as(request).startsWithIgnoringCase("<!doctype html>");
      return;
    }
    assertThat(answer.headers().get("content-type"))
        .as(request)
        .isEqualTo("application/problem+json");
    ErrorCode code = ErrorCode.valueOf(answer.code());
    assertThat(code.status().value()).as(request).isEqualTo(answer.status());
    assertThat(answer.json().get("status").intValue()).as(request).isEqualTo(answer.status());
    assertThat(answer.body()).as(request).doesNotContain("Exception", "\tat ", "ticketing.ingress");
  }

  private static boolean isPageOfUnknownAddress(
      RawHttpClient.Answer answer, String method, String request) {
    return method.equals("GET")
        && answer.status() == 404
        && request.contains("Accept: text/html")
        && !request.contains(" /api/")
        && String.valueOf(answer.headers().get("content-type")).startsWith("text/html");
  }

  private RawHttpClient.Answer post(String path, byte[] body, String... headers) {
    List<String> all = new ArrayList<>(List.of(headers));
    all.add("Authorization: Bearer " + ingress.admin());
    RawHttpClient.Answer answer = RawHttpClient.send(ingress.port, "POST", path, all, body);
    check(answer, "POST", path);
    return answer;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void bodyOverTheLimitIsRejected() {
    byte[] large = utf8("{\"x\":\"" + "x".repeat(16 * 1024) + "\"}");
    assertThat(post("/api/v1/reservations", large, JSON).code()).isEqualTo("BODY_TOO_LARGE");
    String chunked =
        "POST /api/v1/reservations HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
            .formatted(
                JSON, ingress.admin(), large.length, new String(large, StandardCharsets.UTF_8));
    RawHttpClient.Answer answer = RawHttpClient.send(ingress.port, utf8(chunked));
    check(answer, "POST", "chunked");
    assertThat(answer.status()).isEqualTo(413);
    byte[] largest = utf8("\"" + "x".repeat(16 * 1024 - 2) + "\"");
    assertThat(post("/api/v1/reservations", largest, JSON).code()).isEqualTo("INVALID_REQUEST");
  }

  @Test
  void brokenBodiesAreBadRequests() {
    for (byte[] body :
        List.of(
            utf8(""),
            utf8("{"),
            utf8("{}{}"),
            utf8("nonsense"),
            utf8("[".repeat(8000)),
            utf8("{\"a\":".repeat(2000)),
            utf8("{\"quantity\":1e999,\"eventId\":1,\"seatType\":\"VIP\"}"),
            utf8("{\"quantity\":" + "9".repeat(5000) + "}"),
            utf8("{\"eventId\":1,\"eventId\":1,\"seatType\":\"VIP\",\"quantity\":1}"),
            new byte[] {'{', '"', (byte) 0xff, (byte) 0xc0, '"', '}'},
            new byte[] {(byte) 0xfe, (byte) 0xff, 0, '{'},
            new byte[] {0, 0, 0, 0})) {
      RawHttpClient.Answer answer = post("/api/v1/reservations", body, JSON);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.code()).isEqualTo("INVALID_REQUEST");
      assertThat(answer.json().get("errors")).isNotEmpty();
    }
    for (String type :
        List.of(
            "text/plain",
            "application/problem+json",
            "application/merge-patch+json",
            "application/vnd.api+json;charset=utf-8",
            "text/json")) {
      assertThat(post("/api/v1/reservations", utf8("{}"), "Content-Type: " + type).status())
          .as(type)
          .isEqualTo(415);
    }
    assertThat(post("/api/v1/tickets/" + UUID.randomUUID(), null, JSON).status()).isEqualTo(405);
  }

  @Test
  void containerErrorsAreProblemDetails() {
    String admin = "Authorization: Bearer " + ingress.admin();
    for (String target :
        List.of(
            "/api/v1/events/%zz",
            "/api/v1/events/%00",
            "/api/v1/events?page=%zz",
            "/api/v1/events/..%2f..",
            "//api/v1/events",
            "/api/v1/events/1;x=y",
            "/api/v1/events/\"<>")) {
      RawHttpClient.Answer answer =
          RawHttpClient.send(ingress.port, "GET", target, List.of(admin), null);
      check(answer, "GET", target);
      assertThat(answer.status()).as(target).isEqualTo(400);
    }
    for (String method : List.of("TRACE", "FOO", "PATCH")) {
      RawHttpClient.Answer answer =
          RawHttpClient.send(ingress.port, method, "/api/v1/events", List.of(admin), null);
      check(answer, method, method);
    }
    RawHttpClient.Answer longHeader =
        RawHttpClient.send(
            ingress.port,
            "GET",
            "/api/v1/events",
            List.of(admin, "X-Long: " + "x".repeat(20_000)),
            null);
    assertThat(longHeader.status()).isEqualTo(431);
    RawHttpClient.Answer controls =
        RawHttpClient.send(
            ingress.port, "GET", "/api/v1/events", List.of(admin, "X-Bad: \u0000"), null);
    assertThat(controls.status()).isIn(200, 400);
  }
}
