package ticketing.ingress.mail;

/// Failure of one attempt to send a mail. The message is the type of the root cause, because a
/// message of a mail system may contain the recipient.
final class MailFailure extends RuntimeException {

  private final boolean permanent;

  private MailFailure(Throwable cause, boolean permanent) {
    super(rootOf(cause).getClass().getSimpleName(), cause);
    this.permanent = permanent;
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /// Failure that a further attempt may not have.
  static MailFailure temporary(Throwable cause) {
    return new MailFailure(cause, false);
  }

  /// Failure that each attempt has.
  static MailFailure permanent(Throwable cause) {
    return new MailFailure(cause, true);
  }

  boolean isPermanent() {
    return permanent;
  }
}
