package ticketing.migration;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Database account of the applications: reads and writes rows, and cannot change the schema.
record ApplicationAccount(String user, String password) {

  private static final Pattern USER = Pattern.compile("[a-z][a-z0-9_]{0,31}");
  private static final int MIN_PASSWORD_LENGTH = 16;

  ApplicationAccount {
    if (!USER.matcher(user).matches()) {
      throw new IllegalArgumentException("username must match " + USER);
    }
    if (password.length() < MIN_PASSWORD_LENGTH) {
      throw new IllegalArgumentException(
          "password must have " + MIN_PASSWORD_LENGTH + " characters or more");
    }
  }

  /// @param secret JSON object with `username` and `password`
  /// @throws IllegalArgumentException if it has another form; the message does not contain it
  static ApplicationAccount of(String secret) {
    try {
      JsonNode pair = new JsonMapper().readTree(secret);
      return new ApplicationAccount(
          pair.path("username").asString(""), pair.path("password").asString(""));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "the secret of the account must be a JSON object with username and password");
    }
  }

  /// Creates the account or sets its password. It gets access to the rows of the schema.
  void createOrChange(DataSource owner) throws SQLException {
    try (Connection connection = owner.getConnection()) {
      execute(connection, "CREATE USER IF NOT EXISTS ?@'%' IDENTIFIED BY ?", user, password);
      execute(connection, "ALTER USER ?@'%' IDENTIFIED BY ?", user, password);
      // In GRANT, _ and % of a schema name are wildcards.
      String schema = connection.getCatalog().replace("_", "\\_").replace("%", "\\%");
      execute(
          connection,
          "GRANT SELECT, INSERT, UPDATE, DELETE ON `" + schema.replace("`", "``") + "`.* TO ?@'%'",
          user);
    }
  }

  /// The driver inserts the values as literals, because the server accepts no parameters here.
  private static void execute(Connection connection, String sql, String... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int index = 0; index < values.length; index++) {
        statement.setString(index + 1, values[index]);
      }
      statement.execute();
    }
  }

  /// Hides the password.
  @Override
  public String toString() {
    return "ApplicationAccount[user=" + user + "]";
  }
}
