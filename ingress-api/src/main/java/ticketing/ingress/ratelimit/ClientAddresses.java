package ticketing.ingress.ratelimit;

import jakarta.servlet.http.HttpServletRequest;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import org.springframework.stereotype.Component;

/// Client addresses of requests, as keys of rate limits.
@Component
class ClientAddresses {

  /// A provider gives each customer a network of this size, so one client has all its addresses.
  private static final int IPV6_NETWORK_BYTES = 8;

  private static final int MAX_LENGTH = 64;

  private final int proxies;

  ClientAddresses(RateLimitSettings settings) {
    this.proxies = settings.proxies();
  }

  /// IPv4 address or IPv6 network of the client, at most 64 characters.
  ///
  /// Each proxy appends the address of its peer to `X-Forwarded-For`. With n trusted proxies the
  /// client is the n-th entry from the end. The entries to its left can be forged.
  String of(HttpServletRequest request) {
    String forwarded = String.join(",", Collections.list(request.getHeaders("X-Forwarded-For")));
    if (proxies == 0 || forwarded.isBlank()) {
      return network(request.getRemoteAddr());
    }
    String[] hops = forwarded.split(",", -1);
    return network(hops[Math.max(0, hops.length - proxies)].strip());
  }

  private static String network(String address) {
    try {
      if (InetAddress.ofLiteral(address) instanceof Inet6Address ipv6) {
        byte[] network = Arrays.copyOf(ipv6.getAddress(), IPV6_NETWORK_BYTES);
        return HexFormat.of().formatHex(network) + "/64";
      }
    } catch (IllegalArgumentException e) {
      // Not an address: the proxy sent another name of the client.
    }
    return address.substring(0, Math.min(address.length(), MAX_LENGTH));
  }
}
