package ticketing.ingress.mail;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes mails to the log. The recipient and the text are written only if a setting permits it,
/// because the text contains a one-time token. The text for the operator is always written.
final class LogMailTransport implements MailTransport {

  private static final Logger log = LoggerFactory.getLogger(LogMailTransport.class);

  private final boolean logsText;

  LogMailTransport(boolean logsText) {
    this.logsText = logsText;
  }

  @Override
  public void send(Mail mail) {
    if (logsText) {
      log.info(
          "mail, recipient={}, subject={}, text={}", mail.recipient(), mail.subject(), mail.text());
    } else if (mail.isForOperator()) {
      log.info("mail for the operator, subject={}, text={}", mail.subject(), mail.text());
    } else {
      log.info("mail is not sent, because transport=LOG, subject={}", mail.subject());
    }
  }
}
