package ticketing.ingress.mail;

import java.util.Objects;

/// Mail in plain text.
///
/// @param text may contain a one-time token; logged only if a setting permits it or it is for the
///   operator
/// @param isForOperator true: the log may show the text in place of a mail
public record Mail(String recipient, String subject, String text, boolean isForOperator) {
  public Mail {
    Objects.requireNonNull(recipient, "recipient");
    Objects.requireNonNull(subject, "subject");
    Objects.requireNonNull(text, "text");
  }

  /// Without the recipient and the text.
  @Override
  public String toString() {
    return "Mail[" + subject + "]";
  }
}
