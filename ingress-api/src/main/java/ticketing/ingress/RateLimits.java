package ticketing.ingress;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.redisson.api.RScript.Mode;
import org.redisson.api.RScript.ReturnType;
import org.redisson.client.codec.StringCodec;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.ClassPathResource;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import ticketing.domain.Redis;
import ticketing.domain.RedisUnavailable;

/// Refuses users and addresses that send more than their share, counted over all instances in
/// Redis. An instance takes tokens in small handfuls and spends them without asking again; what it
/// does not spend within a second is lost. Without Redis nobody is refused.
@Component
@Order(0)
class RateLimits extends OncePerRequestFilter {

  /// Handfuls that make up a full bucket.
  private static final int HANDFULS = 50;

  private static final Duration HOLD = Duration.ofSeconds(1);
  private static final int MOST_HELD = 50_000;

  private final Redis redis;
  private final Problems problems;
  private final IngressSettings.Rates settings;
  private final String script;
  private final Cache<String, Handful> held =
      Caffeine.newBuilder().maximumSize(MOST_HELD).expireAfterWrite(HOLD).build();

  /// @param retryAt nanosecond time until which the bucket is known to be empty; 0: it is not
  private record Handful(AtomicInteger left, long retryAt) {}

  RateLimits(Redis redis, Problems problems, IngressSettings settings) throws IOException {
    this.redis = redis;
    this.problems = problems;
    this.settings = settings.rates();
    this.script =
        new ClassPathResource("rate.lua", RateLimits.class)
            .getContentAsString(StandardCharsets.UTF_8);
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !settings.enabled() || !request.getRequestURI().startsWith("/api/");
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Duration wait = take("address", address(request), settings.address());
    if (wait.isZero()) {
      Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
      if (authentication != null && authentication.getPrincipal() instanceof Caller caller) {
        wait = take("user", caller.userId(), settings.user());
      }
    }
    if (wait.isZero()) {
      chain.doFilter(request, response);
    } else {
      problems.write(
          response, Problem.retry(ErrorCode.RATE_LIMITED, "Too many requests.", wait));
    }
  }

  private Duration take(String kind, String id, IngressSettings.Rate rate) {
    String key = "rate:" + kind + ":" + id;
    Handful hand = held.getIfPresent(key);
    if (hand != null) {
      long empty = hand.retryAt() == 0 ? 0 : hand.retryAt() - System.nanoTime();
      if (empty > 0) {
        return Duration.ofNanos(empty);
      }
      if (hand.left().getAndDecrement() > 0) {
        return Duration.ZERO;
      }
    }
    int wanted = Math.max(1, rate.burst() / HANDFULS);
    long missing = ask(key, rate, wanted);
    if (missing > 0 && wanted > 1) {
      wanted = 1;
      missing = ask(key, rate, wanted);
    }
    if (missing > 0) {
      held.put(key, new Handful(new AtomicInteger(), System.nanoTime() + missing * 1_000));
      return Duration.ofNanos(missing * 1_000);
    }
    if (wanted > 1) {
      held.put(key, new Handful(new AtomicInteger(wanted - 1), 0));
    }
    return Duration.ZERO;
  }

  private long ask(String key, IngressSettings.Rate rate, int wanted) {
    double interval = 1e6 / rate.perSecond();
    try {
      return redis.call(
          client ->
              client
                  .getScript(StringCodec.INSTANCE)
                  .<Long>eval(
                      key,
                      Mode.READ_WRITE,
                      script,
                      ReturnType.LONG,
                      List.of(key),
                      String.valueOf(interval),
                      String.valueOf(interval * rate.burst()),
                      String.valueOf(wanted)));
    } catch (RedisUnavailable e) {
      return 0;
    }
  }

  /// Each proxy appends whom it heard from, so the client is as many places from the end as there are
  /// proxies of our own. What stands before that anybody may have written.
  private String address(HttpServletRequest request) {
    String forwarded = request.getHeader("X-Forwarded-For");
    if (settings.proxies() == 0 || forwarded == null) {
      return request.getRemoteAddr();
    }
    String[] hops = forwarded.split(",", -1);
    return hops[Math.max(0, hops.length - settings.proxies())].strip();
  }
}
