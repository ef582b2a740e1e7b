package ticketing.local.launcher;

import java.util.stream.Collectors;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;

/// What `mvn -Prun` prints when everything is up.
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

      Page              http://localhost:%1$d/
      API               http://localhost:%1$d/swagger-ui
      WebSocket         ws://localhost:%2$d/ws/tickets/{ticketId}
      Health, metrics   http://localhost:{port}/actuator/health   /actuator/prometheus
                        ports: ingress-api %3$d, notifier %4$d, booking-worker %5$s
      Database          %6$s   user %7$s, password %8$s
      Redis             %9$s
      Queue             %10$s

      Accounts          %11$s and %12$s, password %13$s

    Get a token; book two seats and wait for the decision; see the ticket's frame:

      TOKEN=$(curl -s 127.0.0.1:%1$d/api/v1/auth/token -H 'Content-Type: application/json' -d '{"email":"%11$s","password":"%13$s"}' | sed 's/.*"accessToken":"\\([^"]*\\).*/\\1/')
      TICKET=$(curl -s 127.0.0.1:%1$d/api/v1/reservations -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"eventId":1,"seatType":"R","quantity":2}' | sed 's/.*"ticketId":"\\([^"]*\\).*/\\1/'); curl -s 127.0.0.1:%1$d/api/v1/tickets/$TICKET -H "Authorization: Bearer $TOKEN" -H 'Prefer: wait=10'; echo
      npx -y wscat -c ws://127.0.0.1:%2$d/ws/tickets/$TICKET -H "Authorization: Bearer $TOKEN"

      Logs              %14$s
      Stop              Ctrl-C
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
