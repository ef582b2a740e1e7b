package ticketing.ingress.ratelimit;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import org.springframework.stereotype.Component;
import ticketing.address.ClientAddress;

/// Client addresses of requests, as keys of rate limits.
@Component
class ClientAddresses {

  private final int proxies;

  ClientAddresses(RateLimitSettings settings) {
    this.proxies = settings.proxies();
  }

  /// See [ClientAddress#of].
  String of(HttpServletRequest request) {
    return ClientAddress.of(
        request.getRemoteAddr(), Collections.list(request.getHeaders("X-Forwarded-For")), proxies);
  }
}
