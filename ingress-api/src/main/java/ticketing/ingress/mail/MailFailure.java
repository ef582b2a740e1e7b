package ticketing.ingress.mail;

/// Failure of one attempt to send a mail. The message is the type of the root cause, because a
/// message of a mail system may contain the recipient.
final class MailFailure extends RuntimeException {

  private enum Effect {
    PERMANENT,
    UNSENT,
    UNCERTAIN
  }

  private final Effect effect;

  private MailFailure(Throwable cause, Effect effect) {
    super(rootOf(cause).getClass().getSimpleName(), cause);
    this.effect = effect;
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /// Failure that a further attempt may not have. The mail may have been accepted.
  static MailFailure temporary(Throwable cause) {
    return new MailFailure(cause, Effect.UNCERTAIN);
  }

  /// Failure after which the mail system has no copy of the mail.
  static MailFailure unsent(Throwable cause) {
    return new MailFailure(cause, Effect.UNSENT);
  }

  /// Failure that each attempt has.
  static MailFailure permanent(Throwable cause) {
    return new MailFailure(cause, Effect.PERMANENT);
  }

  boolean isPermanent() {
    return effect == Effect.PERMANENT;
  }

  boolean isUnsent() {
    return effect == Effect.UNSENT;
  }
}
