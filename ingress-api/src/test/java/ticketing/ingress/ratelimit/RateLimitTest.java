package ticketing.ingress.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.problem.ProblemDetailAdvice;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;

/// Rate limits of users and addresses.
class RateLimitTest {

  private final IngressFixture strict = IngressFixture.strict();

  @Test
  void userOverTheBurstGetsRetryAfter() throws Exception {
    String user = IngressFixture.newUser();
    List<IngressFixture.Answer> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<IngressFixture.Answer>> calls = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        String address = "10.1.0." + i;
        calls.add(
            clients.submit(() ->
                strict.get(
                    "/api/v1/users/me/reservations",
                    strict.token(user),
                    "X-Forwarded-For",
                    address)));
      }
      for (Future<IngressFixture.Answer> call : calls) {
        answers.add(call.get());
      }
    }
    List<IngressFixture.Answer> refused =
        answers.stream().filter(answer -> answer.status() != 200).toList();
    // 60 tokens, one more each second, and one local token of the instance.
    assertThat(refused).hasSizeBetween(1, 40).allMatch(answer -> answer.status() == 429);
    IngressFixture.Answer one = refused.getLast();
    assertThat(one.code()).isEqualTo("RATE_LIMITED");
    assertThat(Integer.parseInt(one.header("Retry-After"))).isBetween(1, 60);
    assertThat(strict.get("/api/v1/users/me", strict.token(IngressFixture.newUser())).status())
        .isEqualTo(200);
  }

  @Test
  void addressLimitAppliesBeforeAuthentication() {
    String[] address = {"X-Forwarded-For", "10.2.0.1"};
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      answers.add(strict.get("/api/v1/users/me", "nonsense", address).status());
    }
    assertThat(answers).containsOnly(401, 429).endsWith(429);
    assertThat(strict.get("/api/v1/users/me", "nonsense", "X-Forwarded-For", "10.2.0.2").status())
        .isEqualTo(401);
  }

  @Test
  void onlyTheLastForwardedHopCounts() {
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      String forged = "10.3.0." + i + ", 10.3.1.1";
      answers.add(strict.get("/api/v1/events", null, "X-Forwarded-For", forged).status());
    }
    assertThat(answers).contains(429);
  }

  @Test
  void forwardedHeaderIsIgnoredWithoutTrustedProxy() throws Exception {
    RateLimitSettings.Rate few = new RateLimitSettings.Rate(1, 5);
    RateLimitSettings settings = settings(few);
    RateLimitByAddressFilter filter =
        new RateLimitByAddressFilter(
            new RateLimiter(strict.context.getBean(RedisGateway.class), settings),
            strict.context.getBean(ProblemDetailAdvice.class),
            new ClientAddresses(settings),
            settings,
            strict.context.getBean(RateLimitMetrics.class));
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      MockHttpServletRequest request = new MockHttpServletRequest("GET", "/api/v1/events");
      request.addHeader("X-Forwarded-For", "10.4.0." + i);
      MockHttpServletResponse response = new MockHttpServletResponse();
      filter.doFilter(request, response, new MockFilterChain());
      answers.add(response.getStatus());
    }
    assertThat(answers).contains(200, 429);
  }

  @Test
  void firstRequestsNeedNoRoundTrip() {
    RateLimitSettings.Rate generous = new RateLimitSettings.Rate(200, 1000);
    RateLimitSettings settings = settings(generous);
    RedisGateway redis = strict.context.getBean(RedisGateway.class);
    RateLimiter limiter = new RateLimiter(redis, settings);
    String user = IngressFixture.newUser();
    for (int i = 0; i < 20; i++) {
      assertThat(limiter.acquireForUser(user)).isZero();
    }
    String key = "rate:user:200/1000:" + user;
    assertThat(redis.<Boolean>call(client -> client.getBucket(key).isExists())).isFalse();
    limiter.acquireForUser(user);
    assertThat(redis.<Boolean>call(client -> client.getBucket(key).isExists())).isTrue();
  }

  @Test
  void instancesShareTheLimit() {
    RateLimitSettings settings = strict.context.getBean(RateLimitSettings.class);
    RedisSettings address = strict.context.getBean(RedisSettings.class);
    String user = IngressFixture.newUser();
    try (RedisGateway here = RedisGateway.connect(address);
        RedisGateway there = RedisGateway.connect(address)) {
      RateLimiter first = new RateLimiter(here, settings);
      RateLimiter second = new RateLimiter(there, settings);
      int passed = 0;
      for (int i = 0; i < 100; i++) {
        passed += first.acquireForUser(user).isZero() ? 1 : 0;
        passed += second.acquireForUser(user).isZero() ? 1 : 0;
      }
      // Separate buckets would accept 120.
      assertThat(passed).isBetween(60, 80);
    }
  }

  @Test
  void eachInstanceLimitsWithoutRedis() {
    RateLimitSettings settings = strict.context.getBean(RateLimitSettings.class);
    RedisSettings unreachable =
        new RedisSettings(
            List.of("redis://127.0.0.1:1"),
            false,
            "",
            Duration.ofMillis(200),
            0,
            Duration.ofSeconds(1),
            1);
    try (RedisGateway redis = RedisGateway.connect(unreachable)) {
      RateLimiter limiter = new RateLimiter(redis, settings);
      int passed = 0;
      for (int i = 0; i < 200; i++) {
        passed += limiter.acquireForUser("someone").isZero() ? 1 : 0;
      }
      assertThat(passed).isBetween(60, 100);
      assertThat(limiter.acquireForUser("another")).isZero();
    }
  }

  /// Bucket4j batches concurrent requests and reports the failure by another exception.
  @Test
  void concurrentRequestsGetTheLocalLimitWithoutRedis() throws Exception {
    RedisSettings unreachable =
        new RedisSettings(
            List.of("redis://127.0.0.1:1"),
            false,
            "",
            Duration.ofMillis(200),
            0,
            Duration.ofMillis(1),
            1);
    RateLimitSettings.Rate few = new RateLimitSettings.Rate(1, 10);
    try (RedisGateway redis = RedisGateway.connect(unreachable);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      RateLimiter limiter = new RateLimiter(redis, settings(few));
      List<Future<Duration>> calls = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        calls.add(clients.submit(() -> limiter.acquireForAddress("somewhere")));
      }
      int passed = 0;
      for (Future<Duration> call : calls) {
        passed += call.get().isZero() ? 1 : 0;
      }
      assertThat(passed).isBetween(10, 100);
    }
  }

  private static RateLimitSettings settings(RateLimitSettings.Rate rate) {
    RateLimitSettings.Quota quota = new RateLimitSettings.Quota(5, Duration.ofMinutes(1));
    return new RateLimitSettings(
        true, 0, rate, rate, rate, 10, Duration.ofMinutes(5), quota, quota, quota, quota, quota);
  }

  private static String newEmail() {
    return "rate-" + UUID.randomUUID() + "@example.org";
  }

  private IngressFixture.Answer signUp(String email, String address) {
    return strict.post(
        "/api/v1/users",
        null,
        "{\"email\":\"%s\",\"password\":\"correct horse\",\"name\":\"Kim\"}".formatted(email),
        "X-Forwarded-For",
        address);
  }

  private IngressFixture.Answer signIn(String email, String password, String address) {
    return strict.post(
        "/api/v1/auth/token",
        null,
        "{\"email\":\"%s\",\"password\":\"%s\"}".formatted(email, password),
        "X-Forwarded-For",
        address);
  }

  @Test
  void guessesAreLimitedForAllAddressesTogether() {
    String email = newEmail();
    assertThat(signUp(email, "10.5.0.1").status()).isEqualTo(201);
    List<Integer> answers = new ArrayList<>();
    for (int guess = 1; guess <= 8; guess++) {
      answers.add(signIn(email.toUpperCase(), "guess number " + guess, "10.5.1." + guess).status());
    }
    assertThat(answers).startsWith(401, 401, 401, 401, 401).endsWith(429);
    IngressFixture.Answer limited = signIn(email, "correct horse", "10.5.2.1");
    assertThat(limited.code()).isEqualTo("RATE_LIMITED");
    assertThat(Integer.parseInt(limited.header("Retry-After"))).isBetween(1, 60);
    assertThat(signIn(newEmail(), "correct horse", "10.5.2.1").status()).isEqualTo(401);
  }

  @Test
  void successfulSignInsAreNotCounted() {
    String email = newEmail();
    signUp(email, "10.6.0.1");
    for (int i = 0; i < 8; i++) {
      assertThat(signIn(email, "correct horse", "10.6.0.1").status()).isEqualTo(200);
    }
  }

  @Test
  void signInsOfAnAddressAreLimited() {
    List<Integer> answers = new ArrayList<>();
    // The bucket gains a token every two seconds.
    while (answers.size() < 100 && !answers.contains(429)) {
      answers.add(signIn(newEmail(), "any password", "10.7.0.1").status());
    }
    assertThat(answers).hasSizeGreaterThan(30).endsWith(429);
    assertThat(answers.subList(0, answers.size() - 1)).containsOnly(401);
    assertThat(signIn(newEmail(), "any password", "10.7.0.2").status()).isEqualTo(401);
  }

  @Test
  void signUpsOfAnIpv6NetworkAreLimited() {
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      answers.add(signUp(newEmail(), "2001:db8:0:7:" + i + "::1").status());
    }
    assertThat(answers.subList(0, 10)).containsOnly(201);
    assertThat(answers.subList(10, 12)).containsOnly(429);
    assertThat(signUp(newEmail(), "2001:db8:0:8::1").status()).isEqualTo(201);
  }
}
