package ticketing.address;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Client addresses as keys of limits.
public final class ClientAddress {

  /// A provider gives each customer a network of this size, so one client has all its addresses.
  private static final int IPV6_NETWORK_BYTES = 8;

  private static final int MAX_LENGTH = 64;

  private ClientAddress() {}

  /// IPv4 address or IPv6 network of the client, at most 64 characters.
  ///
  /// Each proxy appends the address of its peer to `X-Forwarded-For`. With n trusted proxies the
  /// client is the n-th entry from the end. The entries to its left can be forged.
  ///
  /// @param peer address of the peer of the connection
  /// @param forwardedFor values of the header `X-Forwarded-For`
  /// @param proxies number of trusted proxies; 0: the header is ignored
  public static String of(@Nullable String peer, @Nullable List<String> forwardedFor, int proxies) {
    String forwarded = forwardedFor == null ? "" : String.join(",", forwardedFor);
    if (proxies == 0 || forwarded.isBlank()) {
      return network(peer == null ? "" : peer);
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
