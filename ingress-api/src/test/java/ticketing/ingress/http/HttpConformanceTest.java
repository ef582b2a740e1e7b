package ticketing.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.RawHttpClient;

/// RFC 9110 and RFC 7240 as clients and caches rely on them.
class HttpConformanceTest {

  private static final String ORIGIN = "https://shop.example";

  private final IngressFixture ingress = IngressFixture.shared();

  private RawHttpClient.Answer send(String method, String target, String... headers) {
    return RawHttpClient.send(ingress.port, method, target, List.of(headers), null);
  }

  private RawHttpClient.Answer sendRaw(String request) {
    return RawHttpClient.send(ingress.port, request.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void publicReadsSupportHeadAndOptions() {
    for (String path : List.of("/api/v1/events", "/api/v1/events/" + ingress.newEvent())) {
      RawHttpClient.Answer head = send("HEAD", path);
      assertThat(head.status()).as(path).isEqualTo(200);
      assertThat(head.body()).isEmpty();
      assertThat(head.headers().get("content-type"))
          .isEqualTo(send("GET", path).headers().get("content-type"));
      RawHttpClient.Answer options = send("OPTIONS", path);
      assertThat(options.status()).as(path).isEqualTo(200);
      assertThat(options.headers().get("allow")).contains("GET", "HEAD", "OPTIONS");
    }
  }

  @Test
  void publicReadsAreCacheableForOneSecond() {
    String path = "/api/v1/events/" + ingress.newEvent();
    for (String read : List.of("/api/v1/events", path)) {
      IngressFixture.Answer answer = ingress.get(read, null);
      assertThat(answer.header("Cache-Control")).as(read).isEqualTo("max-age=1, public");
      assertThat(answer.header("Pragma")).isNull();
      assertThat(answer.header("Expires")).isNull();
    }
    assertThat(
            ingress
                .get("/api/v1/users/me", ingress.token(IngressFixture.newUser()))
                .header("Cache-Control"))
        .contains("no-store");
  }

  @Test
  void everyEntityTagMatchesTheAsterisk() {
    String path = "/api/v1/events/" + ingress.newEvent();
    IngressFixture.Answer event = ingress.get(path, null, "If-None-Match", "*");
    assertThat(event.status()).isEqualTo(304);
    assertThat(event.header("ETag")).isEqualTo(ingress.get(path, null).header("ETag"));
    String user = IngressFixture.newUser();
    String ticket = ingress.book(user, ingress.newEvent(), 1).json().get("ticketId").asString();
    assertThat(
            ingress
                .get("/api/v1/tickets/" + ticket, ingress.token(user), "If-None-Match", "*")
                .status())
        .isEqualTo(304);
    assertThat(ingress.get("/api/v1/events/999999999", null, "If-None-Match", "*").status())
        .isEqualTo(404);
  }

  @Test
  void tokenIsIgnoredWhereNoneIsRequired() {
    String path = "/api/v1/events/" + ingress.newEvent();
    assertThat(ingress.get(path, "stale").status()).isEqualTo(200);
    String email = "stale-" + UUID.randomUUID() + "@example.org";
    assertThat(
            ingress
                .post(
                    "/api/v1/users",
                    "stale",
                    "{\"email\":\"%s\",\"password\":\"correct horse\",\"name\":\"Kim\"}"
                        .formatted(email))
                .status())
        .isEqualTo(201);
    assertThat(
            ingress
                .post(
                    "/api/v1/auth/token",
                    "stale",
                    "{\"email\":\"%s\",\"password\":\"correct horse\"}".formatted(email))
                .status())
        .isEqualTo(200);
    assertThat(ingress.get("/api/v1/users/me", "stale").status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"QUERY", "PROPFIND", "FOO", "PATCH", "TRACE"})
  void unknownMethodIsNotAllowed(String method) {
    Map<String, String> allowed =
        Map.of(
            "/api/v1/events", "GET",
            "/api/v1/users", "POST",
            "/", "GET");
    String admin = "Authorization: Bearer " + ingress.admin();
    allowed.forEach((path, other) -> {
      RawHttpClient.Answer answer = send(method, path, admin);
      assertThat(answer.status()).as(path).isEqualTo(405);
      assertThat(answer.code()).as(path).isEqualTo("METHOD_NOT_ALLOWED");
      if (!method.equals("TRACE")) {
        assertThat(answer.headers().get("allow")).as(path).contains(other);
      }
    });
  }

  @Test
  void unsupportedProtocolElementsHaveTheirStatus() {
    String get = "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    String post = "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    Map<String, Integer> statuses =
        Map.of(
            "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
            501,
            "GET /api/v1/events HTTP/3.0\r\nHost: x\r\n\r\n",
            505,
            post + "Transfer-Encoding: gzip\r\n\r\n",
            501,
            "GET /" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
            414,
            get + "Expect: other\r\n\r\n",
            417,
            get + "X-Large: " + "x".repeat(20_000) + "\r\n\r\n",
            431);
    statuses.forEach((request, status) -> {
      RawHttpClient.Answer answer = sendRaw(request);
      assertThat(answer.status()).as(request.substring(0, 20)).isEqualTo(status);
    });
  }

  @Test
  void problemNamesTheRequestedPath() {
    RawHttpClient.Answer answer = send("GET", "/api/v1/events/%00");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().path("instance").asString("")).doesNotContain("/error");
    assertThat(send("GET", "/app/unknown.js").json().path("instance").asString())
        .isEqualTo("/app/unknown.js");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0x1", "#1", "+1", "01", "1.0", "1e0", "%201", "١", "99999999999999999999"})
  void idsHaveOneForm(String id) {
    IngressFixture.Answer answer = ingress.get("/api/v1/events/" + id.replace("#", "%23"), null);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("INVALID_REQUEST");
  }

  @Test
  void parametersHaveOneForm() {
    for (String query :
        List.of(
            "page=0x0",
            "size=%2B1",
            "size=",
            "page=",
            "status=active",
            "status=ACT-IVE",
            "status=%00",
            "status=%20ACTIVE",
            "status=",
            "from=",
            "from=%00")) {
      assertThat(ingress.get("/api/v1/events?" + query, null).status()).as(query).isEqualTo(400);
    }
    String token = ingress.token(IngressFixture.newUser());
    assertThat(ingress.get("/api/v1/tickets/1-1-1-1-1", token).status()).isEqualTo(400);
    for (String path : List.of("reservations", "tickets")) {
      String query = "/api/v1/users/me/" + path + "?status=%00";
      assertThat(ingress.get(query, token).status()).as(query).isEqualTo(400);
    }
    assertThat(ingress.get("/api/v1/revoked-tokens?within=", null).status()).isEqualTo(400);
  }

  @Test
  void searchAcceptsInstantsOfAnyYear() {
    for (String query : List.of("from=0211-12-14T20:02:20Z", "to=0024-10-17T14:30:30.9Z")) {
      assertThat(ingress.get("/api/v1/events?" + query, null).status()).as(query).isEqualTo(200);
    }
    for (String query : List.of("from=9999-12-31T23:59:59Z", "to=2030-01-01T00:00:00%2B23:06")) {
      assertThat(ingress.get("/api/v1/events?" + query, null).status()).as(query).isEqualTo(200);
    }
  }

  @Test
  void publicPathsRefuseOtherMethodsWith405() {
    String event = "/api/v1/events/" + ingress.newEvent();
    for (String request :
        List.of(
            "QUERY /api/v1/events",
            "DELETE /api/v1/events",
            "QUERY " + event,
            "POST " + event,
            "PATCH " + event,
            "QUERY /api/v1/users",
            "DELETE /api/v1/auth/token",
            "GET /api/v1/auth/refresh",
            "POST /api/v1/revoked-tokens",
            "PUT /.well-known/jwks.json")) {
      RawHttpClient.Answer answer =
          send(request.split(" ")[0], request.split(" ")[1], "Authorization: Bearer stale");
      assertThat(answer.status()).as(request).isEqualTo(405);
      assertThat(answer.headers()).as(request).containsKey("allow");
    }
  }

  @Test
  void allowNamesOnlyTheMethodsOfThePath() {
    String path = "/api/v1/operations/dead-letters/redrive";
    String token = ingress.admin();
    IngressFixture.Answer refused = ingress.send("DELETE", path, token, null);
    assertThat(refused.status()).isEqualTo(405);
    assertThat(refused.header("Allow")).contains("POST").doesNotContain("DELETE");
  }

  @Test
  void allowNamesTheImpliedMethods() {
    RawHttpClient.Answer refused = send("PATCH", "/api/v1/events/" + ingress.newEvent());
    assertThat(refused.status()).isEqualTo(405);
    assertThat(refused.headers().get("allow"))
        .contains("GET", "HEAD", "PUT", "DELETE", "OPTIONS")
        .doesNotContain("PATCH", "POST");
  }

  @Test
  void everyUnauthorizedAnswerHasAChallenge() {
    for (IngressFixture.Answer answer :
        List.of(
            ingress.get("/api/v1/users/me", null),
            ingress.post(
                "/api/v1/auth/token", null, "{\"email\":\"a@example.org\",\"password\":\"x\"}"),
            ingress.post("/api/v1/auth/refresh", null, "{\"refreshToken\":\"x\"}"))) {
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
    }
  }

  @Test
  void severalAuthorizationHeadersAreRefused() {
    String token = "Authorization: Bearer " + ingress.token(IngressFixture.newUser());
    assertThat(send("GET", "/api/v1/users/me", token).status()).isEqualTo(200);
    for (String other :
        List.of(token, "Authorization: Bearer other", "Authorization: Basic YTpi")) {
      assertThat(send("GET", "/api/v1/users/me", token, other).status()).as(other).isEqualTo(401);
    }
  }

  @Test
  void bodiesAreJsonInUtf8WithoutCoding() {
    String body = "{\"email\":\"%s\",\"password\":\"x\"}";
    String text = body.formatted("a@example.org");
    List<byte[]> bodies =
        List.of(
            body.formatted("\u00c0\u00af").getBytes(StandardCharsets.ISO_8859_1),
            body.formatted("\u00ed\u00a0\u0080").getBytes(StandardCharsets.ISO_8859_1),
            text.getBytes(StandardCharsets.UTF_16),
            text.getBytes(StandardCharsets.UTF_16LE),
            text.getBytes(StandardCharsets.UTF_32));
    List<String> json = List.of("Content-Type: application/json");
    for (byte[] invalid : bodies) {
      RawHttpClient.Answer answer =
          RawHttpClient.send(ingress.port, "POST", "/api/v1/auth/token", json, invalid);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.code()).isEqualTo("INVALID_REQUEST");
    }
    byte[] valid = text.getBytes(StandardCharsets.UTF_8);
    for (String coding : List.of("gzip", "br", "identity")) {
      List<String> headers = List.of(json.getFirst(), "Content-Encoding: " + coding);
      assertThat(
              RawHttpClient.send(ingress.port, "POST", "/api/v1/auth/token", headers, valid)
                  .status())
          .as(coding)
          .isEqualTo(coding.equals("identity") ? 401 : 415);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"*/*", "*", "application/*", "application/*+json", "*/json", "a/b/*"})
  void wildcardIsNoTypeOfABody(String type) {
    String token = "Authorization: Bearer " + ingress.token(IngressFixture.newUser());
    List<String> headers = List.of(token, "Content-Type: " + type);
    RawHttpClient.Answer answer =
        RawHttpClient.send(
            ingress.port,
            "POST",
            "/api/v1/reservations",
            headers,
            "{}".getBytes(StandardCharsets.UTF_8));
    assertThat(answer.status()).isEqualTo(415);
    assertThat(answer.code()).isEqualTo("UNSUPPORTED_MEDIA_TYPE");
    assertThat(
            RawHttpClient.send(ingress.port, "POST", "/api/v1/reservations", headers, new byte[0])
                .status())
        .isBetween(400, 415);
    for (String path : List.of("/api/v1/events", "/swagger-ui", "/livez", "/")) {
      assertThat(send("GET", path, "Content-Type: " + type).status()).as(path).isEqualTo(200);
    }
  }

  /// Many clients cannot read a compressed transfer.
  @Test
  void transferIsNeverCompressed() {
    RawHttpClient.Answer answer = send("GET", "/v3/api-docs", "TE: gzip");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().path("openapi").asString()).startsWith("3.");
  }

  @Test
  void charsetOfAcceptIsIgnored() {
    RawHttpClient.Answer answer =
        send(
            "GET",
            "/api/v1/events/" + ingress.newEvent(),
            "Accept: application/json;charset=utf-16");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers().get("content-type")).isEqualTo("application/json");
    assertThat(send("GET", "/api/v1/events", "Accept: image/png;q=0.5").status()).isEqualTo(406);
  }

  @Test
  void qualityOfZeroRefusesAType() {
    for (String accept :
        List.of(
            "application/json;q=0",
            "*/*;q=0",
            "application/json;q=0.0, text/html",
            "application/json;q=0, */*;q=0.1")) {
      RawHttpClient.Answer answer = send("GET", "/api/v1/events", "Accept: " + accept);
      assertThat(answer.status()).as(accept).isEqualTo(406);
      assertThat(answer.code()).isEqualTo("NOT_ACCEPTABLE");
    }
    for (String accept : List.of("text/html;q=0, */*", "image/png;q=0, application/json;q=0.1")) {
      assertThat(send("GET", "/api/v1/events", "Accept: " + accept).status())
          .as(accept)
          .isEqualTo(200);
    }
  }

  @Test
  void rangeBehindTheEndIsNotSatisfiable() {
    for (String accept : List.of("*/*", "text/html")) {
      RawHttpClient.Answer answer =
          send("GET", "/app/en.json", "Range: bytes=99999999-", "Accept: " + accept);
      assertThat(answer.status()).as(accept).isEqualTo(416);
      assertThat(answer.code()).as(accept).isEqualTo("RANGE_NOT_SATISFIABLE");
      assertThat(answer.headers().get("content-range")).startsWith("bytes */");
    }
  }

  @Test
  void trailingSlashIsAnotherPath() {
    for (String path : List.of("/api/v1/events/", "/api/v1/events/" + ingress.newEvent() + "/")) {
      assertThat(send("GET", path).status()).as(path).isEqualTo(404);
      assertThat(send("DELETE", path + "x/y").status()).as(path).isEqualTo(401);
    }
  }

  @Test
  void refusedExpectationReceivesNoBody() {
    RawHttpClient.Answer answer =
        sendRaw(
            "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n");
    assertThat(answer.status()).isEqualTo(413);
  }

  @Test
  void searchTextCountsCodePoints() {
    assertThat(send("GET", "/api/v1/events?q=" + "%F0%9F%98%80".repeat(100)).status())
        .isEqualTo(200);
    assertThat(send("GET", "/api/v1/events?q=" + "%F0%9F%98%80".repeat(101)).status())
        .isEqualTo(400);
  }

  @Test
  void waitIsAPreferenceAndNoParameter() {
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    String ticket =
        "/api/v1/tickets/"
            + ingress.book(user, ingress.newEvent(), 1).json().get("ticketId").asString();
    for (String prefer :
        List.of("foo;wait=3", "foo=\"a,wait=3\"", "respond-async; wait=3", "wait=3x", "await=3")) {
      assertThat(ingress.get(ticket, token, "Prefer", prefer).header("Preference-Applied"))
          .as(prefer)
          .isNull();
    }
    for (String prefer :
        List.of("wait=0", "respond-async, wait=0;x=1", "WAIT = \"0\"", "foo=\"a,b\", wait=0")) {
      assertThat(ingress.get(ticket, token, "Prefer", prefer).header("Preference-Applied"))
          .as(prefer)
          .isEqualTo("wait=0");
    }
    ingress.drain();
  }

  @Test
  void configuredOriginsMayCallTheApi() {
    try (IngressFixture configured =
        ingress.sibling(Map.of("ticketing.http.cors-origins", ORIGIN))) {
      RawHttpClient.Answer preflight =
          RawHttpClient.send(
              configured.port,
              "OPTIONS",
              "/api/v1/reservations",
              List.of(
                  "Origin: " + ORIGIN,
                  "Access-Control-Request-Method: POST",
                  "Access-Control-Request-Headers: authorization, idempotency-key"),
              null);
      assertThat(preflight.status()).isEqualTo(200);
      assertThat(preflight.headers().get("access-control-allow-origin")).isEqualTo(ORIGIN);
      assertThat(preflight.headers().get("access-control-allow-headers"))
          .contains("authorization", "idempotency-key");
      RawHttpClient.Answer refused =
          RawHttpClient.send(
              configured.port,
              "POST",
              "/api/v1/reservations",
              List.of("Origin: " + ORIGIN),
              new byte[0]);
      assertThat(refused.status()).isEqualTo(401);
      assertThat(refused.headers().get("access-control-allow-origin")).isEqualTo(ORIGIN);
      assertThat(refused.headers().get("access-control-expose-headers")).contains("Retry-After");
      for (String foreign : List.of("https://evil.example", "null", ORIGIN + ".evil.example")) {
        RawHttpClient.Answer read =
            RawHttpClient.send(
                configured.port, "GET", "/api/v1/events", List.of("Origin: " + foreign), null);
        assertThat(read.status()).isEqualTo(200);
        assertThat(read.headers()).doesNotContainKey("access-control-allow-origin");
        assertThat(read.headers().get("vary")).containsIgnoringCase("origin");
      }
    }
  }

  @Test
  void noOriginIsAllowedByDefault() {
    RawHttpClient.Answer preflight =
        send(
            "OPTIONS",
            "/api/v1/reservations",
            "Origin: " + ORIGIN,
            "Access-Control-Request-Method: POST");
    assertThat(preflight.status()).isEqualTo(204);
    assertThat(preflight.headers()).doesNotContainKey("access-control-allow-origin");
  }
}
