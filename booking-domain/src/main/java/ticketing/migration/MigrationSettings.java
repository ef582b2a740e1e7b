package ticketing.migration;

import jakarta.validation.constraints.NotNull;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Migration of the schema.
///
/// @param mode action at the start
/// @param userSecret JSON object with `username` and `password` of the account that the
///   applications use; only for the mode `TASK`, which creates it without the right to change the
///   schema
@Validated
@ConfigurationProperties("ticketing.migration")
public record MigrationSettings(
    @NotNull @DefaultValue("MIGRATE") Mode mode, @DefaultValue("") String userSecret) {

  /// Action at the start of a process.
  public enum Mode {
    /// Migrates the schema, then starts the application.
    MIGRATE,
    /// Starts the application only on a migrated schema. The account needs no right to change it.
    VALIDATE,
    /// Migrates the schema, creates the account of the applications and ends.
    TASK
  }

  /// Hides the secret.
  @Override
  public String toString() {
    return "MigrationSettings[mode=" + mode + "]";
  }
}
