package ticketing.ingress.mail;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Outgoing mail.
///
/// @param transport `LOG` writes a log line per mail, `SMTP` and `SES` send
/// @param logText true: the transport `LOG` writes the text with its one-time token; for local use
/// @param sender address in `From`
/// @param queueSize mails queued in this process; a further request for a mail gets 503
/// @param concurrency mails sent at the same time
/// @param maxAttempts attempts to send a mail
/// @param retryDelay time ahead of the second attempt; it doubles with each further one
/// @param timeout maximum time to connect, to write and to read, each
/// @param shutdownTimeout time in which queued mails are sent at a shutdown
/// @param smtp server of the transport `SMTP`
/// @param sesEndpoint address of Amazon SES; empty: the one of the region
@Validated
@ConfigurationProperties("ticketing.mail")
record MailSettings(
    @NotNull @DefaultValue("LOG") Transport transport,
    @DefaultValue("false") boolean logText,
    @NotBlank @DefaultValue("ticketing@localhost") String sender,
    @Min(1) @Max(1_000_000) @DefaultValue("1000") int queueSize,
    @Min(1) @Max(100) @DefaultValue("4") int concurrency,
    @Min(1) @Max(20) @DefaultValue("5") int maxAttempts,
    @NotNull @DurationMin(millis = 1) @DefaultValue("2s") Duration retryDelay,
    @NotNull @DurationMin(millis = 1) @DefaultValue("10s") Duration timeout,
    @NotNull @DurationMin(millis = 0) @DefaultValue("5s") Duration shutdownTimeout,
    @Valid @NotNull @DefaultValue Smtp smtp,
    @NotNull @DefaultValue("") URI sesEndpoint) {

  /// Mail system that receives the mails.
  enum Transport {
    LOG,
    SMTP,
    SES
  }

  /// @param host name of the server
  /// @param port port of the server
  /// @param username empty: no authentication
  /// @param password password of the user name; requires encryption
  /// @param security `NONE`, `STARTTLS` (required) or `TLS`
  record Smtp(
      @NotBlank @DefaultValue("localhost") String host,
      @Min(1) @Max(65_535) @DefaultValue("587") int port,
      @NotNull @DefaultValue("") String username,
      @NotNull @DefaultValue("") String password,
      @NotNull @DefaultValue("STARTTLS") Security security) {

    /// Encryption of the connection.
    enum Security {
      NONE,
      STARTTLS,
      TLS
    }

    /// Without the password.
    @Override
    public String toString() {
      return "Smtp[host=" + host + ", port=" + port + "]";
    }
  }

  @AssertTrue(message = "a password of SMTP requires encryption")
  boolean isPasswordEncrypted() {
    return smtp.username().isEmpty() || smtp.security() != Smtp.Security.NONE;
  }
}
