package ticketing.ingress.mail;

import jakarta.mail.MessagingException;
import jakarta.mail.SendFailedException;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.MimeMessage;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.jspecify.annotations.Nullable;
import org.springframework.mail.MailAuthenticationException;
import org.springframework.mail.MailException;
import org.springframework.mail.MailSendException;
import org.springframework.mail.javamail.JavaMailSenderImpl;
import org.springframework.mail.javamail.MimeMessageHelper;

/// Sends mails by SMTP, with one connection per mail.
final class SmtpMailTransport implements MailTransport {

  private final JavaMailSenderImpl client = new JavaMailSenderImpl();
  private final String sender;

  SmtpMailTransport(MailSettings settings) {
    MailSettings.Smtp smtp = settings.smtp();
    this.sender = settings.sender();
    client.setHost(smtp.host());
    client.setPort(smtp.port());
    client.setDefaultEncoding(StandardCharsets.UTF_8.name());
    Properties properties = client.getJavaMailProperties();
    String timeout = Long.toString(settings.timeout().toMillis());
    properties.setProperty("mail.smtp.connectiontimeout", timeout);
    properties.setProperty("mail.smtp.timeout", timeout);
    properties.setProperty("mail.smtp.writetimeout", timeout);
    // The certificate must belong to the host.
    properties.setProperty("mail.smtp.ssl.checkserveridentity", "true");
    switch (smtp.security()) {
      case NONE -> {}
      case STARTTLS -> {
        properties.setProperty("mail.smtp.starttls.enable", "true");
        properties.setProperty("mail.smtp.starttls.required", "true");
      }
      case TLS -> properties.setProperty("mail.smtp.ssl.enable", "true");
    }
    if (!smtp.username().isEmpty()) {
      properties.setProperty("mail.smtp.auth", "true");
      client.setUsername(smtp.username());
      client.setPassword(smtp.password());
    }
  }

  @Override
  public void send(Mail mail) {
    try {
      MimeMessage message = client.createMimeMessage();
      MimeMessageHelper helper = new MimeMessageHelper(message, StandardCharsets.UTF_8.name());
      helper.setFrom(sender);
      helper.setTo(mail.recipient());
      helper.setSubject(mail.subject());
      helper.setText(mail.text());
      client.send(message);
    } catch (AddressException e) {
      throw MailFailure.permanent(e);
    } catch (MailSendException e) {
      boolean refused =
          e.getFailedMessages().values().stream().anyMatch(SmtpMailTransport::isRefused);
      throw refused
          ? MailFailure.permanent(e)
          : isUnsent(e) ? MailFailure.unsent(e) : MailFailure.temporary(e);
    } catch (MailAuthenticationException e) {
      // A rotation of the password corrects it.
      throw MailFailure.unsent(e);
    } catch (MailException | MessagingException e) {
      throw MailFailure.temporary(e);
    }
  }

  /// The connection failed, or the server refused the mail temporarily. A connection that ends
  /// without a reply leaves the mail in doubt.
  private static boolean isUnsent(MailSendException failure) {
    return failure.getFailedMessages().values().stream()
        .anyMatch(cause ->
            cause.getCause() instanceof ConnectException
                || cause.getCause() instanceof UnknownHostException
                || isRefusedTemporarily(cause));
  }

  private static boolean isRefusedTemporarily(@Nullable Exception failure) {
    return switch (failure) {
      case SMTPSendFailedException refused when isTemporary(refused.getReturnCode()) -> true;
      case SMTPAddressFailedException refused when isTemporary(refused.getReturnCode()) -> true;
      case MessagingException outer -> isRefusedTemporarily(outer.getNextException());
      case null, default -> false;
    };
  }

  private static boolean isTemporary(int replyCode) {
    return replyCode >= 400 && replyCode < 500;
  }

  /// The server refused the recipient permanently. A reply 4xx is temporary.
  private static boolean isRefused(Exception cause) {
    return cause instanceof SendFailedException failed
        && failed.getInvalidAddresses() != null
        && failed.getInvalidAddresses().length > 0;
  }
}
