package ticketing.ingress.openapi;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

/// Proves that the check of responses fails on each kind of deviation.
class OpenApiContractTest {

  private static final String PATH = "/api/v1/users";
  private static final String BODY =
      "{\"userId\":\"17\",\"email\":\"buyer@example.com\",\"name\":\"Buyer\"}";
  private static final String PROBLEM =
      """
      {"type":"urn:ticketing:email_taken","title":"Conflict","status":409,"detail":"Taken.",
       "code":"%s"}\
      """;
  private static final Map<String, String> HEADERS =
      Map.of("Content-Type", "application/json", "Location", "/api/v1/users/me");
  private static final Map<String, String> PROBLEM_HEADERS =
      Map.of("Content-Type", "application/problem+json");

  private static void check(int status, Map<String, String> headers, String body) {
    OpenApiContract.check("POST", PATH, null, status, headers::get, body);
  }

  @Test
  void documentedResponsesPass() {
    assertThatCode(() -> check(201, HEADERS, BODY)).doesNotThrowAnyException();
    assertThatCode(() -> check(409, PROBLEM_HEADERS, PROBLEM.formatted("EMAIL_TAKEN")))
        .doesNotThrowAnyException();
  }

  @Test
  void undocumentedOperationsAreIgnored() {
    assertThatCode(
            () -> OpenApiContract.check("PATCH", PATH, null, 405, HEADERS::get, "not checked"))
        .doesNotThrowAnyException();
  }

  @Test
  void undocumentedStatusFails() {
    assertFails(418, PROBLEM_HEADERS, PROBLEM.formatted("EMAIL_TAKEN"), "undocumented status 418");
  }

  @Test
  void undocumentedErrorCodeFails() {
    assertFails(409, PROBLEM_HEADERS, PROBLEM.formatted("SOLD_OUT"), "codes of POST");
  }

  @Test
  void undocumentedContentTypeFails() {
    assertFails(409, HEADERS, PROBLEM.formatted("EMAIL_TAKEN"), "undocumented content type");
  }

  @Test
  void missingRequiredHeaderFails() {
    assertFails(201, Map.of("Content-Type", "application/json"), BODY, "lacks the header Location");
  }

  @Test
  void unknownPropertyFails() {
    assertFails(201, HEADERS, BODY.replace("{", "{\"age\":17,"), "age");
  }

  @Test
  void missingRequiredPropertyFails() {
    assertFails(201, HEADERS, "{\"userId\":\"17\",\"name\":\"Buyer\"}", "email");
  }

  @Test
  void invalidRequestBodyFailsIfItSucceeds() {
    assertThatThrownBy(
            () -> OpenApiContract.check("POST", PATH, "{\"email\":1}", 201, HEADERS::get, BODY))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("password");
  }

  private static void assertFails(
      int status, Map<String, String> headers, String body, String message) {
    assertThatThrownBy(() -> check(status, headers, body))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(message);
  }
}
