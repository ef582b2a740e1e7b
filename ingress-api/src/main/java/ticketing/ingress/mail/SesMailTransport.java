package ticketing.ingress.mail;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sesv2.SesV2Client;
import software.amazon.awssdk.services.sesv2.model.BadRequestException;
import software.amazon.awssdk.services.sesv2.model.LimitExceededException;
import software.amazon.awssdk.services.sesv2.model.MessageRejectedException;
import software.amazon.awssdk.services.sesv2.model.SendingPausedException;
import software.amazon.awssdk.services.sesv2.model.TooManyRequestsException;

/// Sends mails with Amazon SES. The queue retries, so the client does not.
final class SesMailTransport implements MailTransport {

  private final SesV2Client client;
  private final String sender;

  SesMailTransport(SesV2Client client, String sender) {
    this.client = client;
    this.sender = sender;
  }

  @Override
  public void send(Mail mail) {
    try {
      client.sendEmail(request ->
          request
              .fromEmailAddress(sender)
              .destination(to -> to.toAddresses(mail.recipient()))
              .content(content ->
                  content.simple(message ->
                      message
                          .subject(part -> part.charset("UTF-8").data(mail.subject()))
                          .body(body ->
                              body.text(part -> part.charset("UTF-8").data(mail.text()))))));
    } catch (BadRequestException | MessageRejectedException e) {
      throw MailFailure.permanent(e);
    } catch (TooManyRequestsException | LimitExceededException | SendingPausedException e) {
      throw MailFailure.unsent(e);
    } catch (SdkException e) {
      throw MailFailure.temporary(e);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
