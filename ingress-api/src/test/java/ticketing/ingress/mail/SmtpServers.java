package ticketing.ingress.mail;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import java.util.HashMap;
import java.util.Map;

/// SMTP servers of tests.
public final class SmtpServers {

  private SmtpServers() {}

  public static GreenMail start() {
    GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    server.start();
    return server;
  }

  /// Returns settings of an instance that sends by the server.
  ///
  /// @param more further settings
  public static Map<String, String> settings(GreenMail server, Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(more);
    settings.put("ticketing.mail.transport", "SMTP");
    settings.put("ticketing.mail.smtp.host", "127.0.0.1");
    settings.put("ticketing.mail.smtp.port", Integer.toString(server.getSmtp().getPort()));
    settings.put("ticketing.mail.smtp.security", "NONE");
    return settings;
  }
}
