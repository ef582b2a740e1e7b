package ticketing.client;

import java.io.IOException;
import java.net.URI;
import java.util.Map;
import tools.jackson.core.JacksonException;

/// Access token of one user, either given or obtained by e-mail address and password. Thread-safe.
public final class Session {

  private static final String TOKEN_PATH = "/api/v1/auth/token";

  /// Result of a sign-in.
  public sealed interface SignIn {
    /// @param value access token for the `Authorization` header
    record Token(String value) implements SignIn {}

    /// @param response 401 `INVALID_CREDENTIALS`, 429, 503 or another error
    record Denied(ApiResponse response) implements SignIn {}
  }

  private final URI server;
  private final String credentials;
  private String token;

  private Session(URI server, String credentials, String token) {
    this.server = server;
    this.credentials = credentials;
    this.token = token;
  }

  /// A session that cannot be renewed.
  public static Session ofToken(String token) {
    return new Session(null, null, token);
  }

  /// A session that signs in on first use and again after [#discard].
  ///
  /// @param server ingress-api
  public static Session ofPassword(URI server, String email, String password) {
    return new Session(server, Payloads.write(Map.of("email", email, "password", password)), null);
  }

  /// Returns the current token; signs in first if there is none.
  ///
  /// @throws IOException if no complete response arrived
  public synchronized SignIn signIn() throws IOException {
    if (token != null) {
      return new SignIn.Token(token);
    }
    try (ApiConnection connection = new ApiConnection(server)) {
      ApiResponse response = connection.send("POST", TOKEN_PATH, null, credentials);
      if (response.status() != 200) {
        return new SignIn.Denied(response);
      }
      token = Payloads.readTree(response.body()).path("accessToken").asString();
      return new SignIn.Token(token);
    } catch (JacksonException e) {
      throw new IOException("no token in response", e);
    }
  }

  /// Discards a token that the server refused, so that the next use signs in again.
  ///
  /// @return false if the session cannot be renewed
  public synchronized boolean discard(String refused) {
    if (credentials == null) {
      return false;
    }
    if (refused.equals(token)) {
      token = null;
    }
    return true;
  }
}
