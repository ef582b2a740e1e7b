package ticketing.ingress.mail;

/// Transfers mails to a mail system. One call takes at most the timeouts of the settings.
interface MailTransport extends AutoCloseable {

  /// @throws MailFailure if the mail system did not accept the mail
  void send(Mail mail);

  @Override
  default void close() {}
}
