package ticketing.ingress.warmup;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationPredicate;
import jakarta.servlet.http.HttpServletRequest;
import java.util.UUID;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.stereotype.Component;

/// Recognises the requests of the warm-up, which no metric counts. Their header has a secret value,
/// so that a client cannot hide its requests from the metrics.
@Component
public class WarmUpRequests implements ObservationPredicate {

  static final String HEADER = "Ticketing-Warm-Up";

  private final String secret = UUID.randomUUID().toString();
  private volatile boolean running;

  String start() {
    running = true;
    return secret;
  }

  void stop() {
    running = false;
  }

  public boolean isWarmUp(HttpServletRequest request) {
    return running && secret.equals(request.getHeader(HEADER));
  }

  /// False: the observation is not recorded.
  @Override
  public boolean test(String name, Observation.Context context) {
    return !(context instanceof ServerRequestObservationContext server)
        || server.getCarrier() == null
        || !isWarmUp(server.getCarrier());
  }
}
