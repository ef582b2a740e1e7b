package ticketing.local.launcher;

import java.util.stream.Collectors;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;

/// Text that `mvn -Prun` prints after the start: addresses, accounts and the first commands.
final class StartupMessage {

  private final LocalSystem system;

  StartupMessage(LocalSystem system) {
    this.system = system;
  }

  @Override
  public String toString() {
    int ingress = system.ingress().url().getPort();
    int notifier = system.notifier().url().getPort();
    String workers =
        system.workers().stream()
            .map(worker -> Integer.toString(worker.managementPort()))
            .collect(Collectors.joining(", "));
    return """

    Ticketing is running.

    Addresses
      Web page          http://localhost:%1$d/
      REST API          http://localhost:%1$d/swagger-ui
      WebSocket         ws://localhost:%2$d/ws/tickets/{ticketId}
      Health            http://localhost:{management port}/actuator/health
      Metrics           http://localhost:{management port}/actuator/prometheus
      Management ports  ingress-api %3$d, notifier %4$d, booking-worker %5$s
      Database          %6$s (user %7$s, password %8$s)
      Redis             %9$s
      Queue             %10$s

    Accounts (password %13$s)
      Buyer             %11$s
      Administrator     %12$s

    Next steps
      1. Sign in as the buyer:

      TOKEN=$(curl -s 127.0.0.1:%1$d/api/v1/auth/token -H 'Content-Type: application/json' -d '{"email":"%11$s","password":"%13$s"}' | sed 's/.*"accessToken":"\\([^"]*\\).*/\\1/')

      2. Book two seats of event 1 and print the decision:

      TICKET=$(curl -s 127.0.0.1:%1$d/api/v1/reservations -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"eventId":1,"seatType":"R","quantity":2}' | sed 's/.*"ticketId":"\\([^"]*\\).*/\\1/'); curl -s 127.0.0.1:%1$d/api/v1/tickets/$TICKET -H "Authorization: Bearer $TOKEN" -H 'Prefer: wait=10'; echo

      3. Receive the ticket as a WebSocket frame:

      npx -y wscat -c ws://127.0.0.1:%2$d/ws/tickets/$TICKET -H "Authorization: Bearer $TOKEN"

    Logs are in %14$s
    Press Ctrl-C to stop.
    """
        .formatted(
            ingress,
            notifier,
            system.ingress().managementPort(),
            system.notifier().managementPort(),
            workers,
            system.servers().databaseUrl(),
            system.servers().databaseUser(),
            system.servers().databasePassword(),
            system.servers().redisAddress(),
            system.servers().queueUrl(),
            DemoData.BUYER_EMAIL,
            DemoData.ADMIN_EMAIL,
            DemoData.PASSWORD,
            system.servers().folder());
  }
}
