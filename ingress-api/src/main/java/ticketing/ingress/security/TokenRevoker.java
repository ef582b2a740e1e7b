package ticketing.ingress.security;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.RevocationSettings;
import ticketing.security.RevokedToken;
import ticketing.security.RevokedTokens;

/// Revokes access tokens durably, and keeps the local copy of the revoked tokens up to date.
///
/// A revocation is committed to the database, then published in Redis. Each instance also reads the
/// new rows regularly, so it knows a revocation within the poll interval without Redis. While the
/// database is unavailable, the copy stays and no token can be revoked.
@Component
public class TokenRevoker implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(TokenRevoker.class);

  private static final int PAGE_SIZE = 10_000; // tokens

  /// A transaction may commit after a read of later rows.
  private static final Duration OVERLAP = Duration.ofSeconds(10);

  /// Tokens may be older than a shorter lifetime of the current settings.
  private static final Duration MIN_RETENTION = Duration.ofDays(1);

  private static final Duration DELETE_INTERVAL = Duration.ofMinutes(10);

  private final RevokedTokenRepository repository;
  private final RevokedTokens revokedTokens;
  private final RevocationSettings settings;
  private final AccessTokenIssuer tokens;
  private final Clock clock;
  private ScheduledExecutorService scheduler;
  private boolean loaded; // used by the scheduler only
  private long readAt = System.nanoTime(); // start of the last successful read

  TokenRevoker(
      RevokedTokenRepository repository,
      RevokedTokens revokedTokens,
      RevocationSettings settings,
      AccessTokenIssuer tokens,
      Clock clock) {
    this.repository = repository;
    this.revokedTokens = revokedTokens;
    this.settings = settings;
    this.tokens = tokens;
    this.clock = clock;
  }

  /// Revokes the token of the user, for all processes within a second.
  ///
  /// @throws DataAccessException if the database is unavailable; the token stays valid
  public void revoke(AuthenticatedUser user) {
    revoke(RevokedToken.of(user.tokenId(), user.expiresAt(), clock.instant()));
  }

  /// Revokes all access tokens of a session, for all processes within a second.
  ///
  /// @throws DataAccessException if the database is unavailable; the tokens stay valid
  public void revokeSession(UUID sessionId) {
    revoke(untilTokensExpire(RevokedToken.idOfSession(sessionId)));
  }

  /// Revokes all access tokens of a generation of a user, in the current transaction. Call
  /// [#publish] after its commit.
  public RevokedToken saveGeneration(String userId, int generation) {
    RevokedToken token = untilTokensExpire(RevokedToken.idOfGeneration(userId, generation));
    save(token);
    return token;
  }

  /// Makes a committed revocation known immediately.
  public void publish(RevokedToken token) {
    apply(token);
  }

  private void revoke(RevokedToken token) {
    save(token);
    apply(token);
  }

  private RevokedToken untilTokensExpire(UUID id) {
    Instant now = clock.instant();
    Duration lifetime = tokens.lifetime();
    Duration retention = lifetime.compareTo(MIN_RETENTION) < 0 ? MIN_RETENTION : lifetime;
    return RevokedToken.of(id, now.plus(retention), now);
  }

  private void save(RevokedToken token) {
    try {
      repository.save(new RevokedTokenEntity(token));
    } catch (DataIntegrityViolationException e) {
      log.debug("token is already revoked, id={}", token.id());
    }
  }

  private void apply(RevokedToken token) {
    revokedTokens.add(List.of(token));
    revokedTokens.publish(token);
  }

  private void read() {
    long start = System.nanoTime();
    try {
      if (!loaded) {
        loadAll();
        loaded = true;
      } else {
        Duration window = Duration.ofNanos(start - readAt).plus(OVERLAP);
        List<RevokedToken> tokens =
            tokens(repository.findRevokedWithin(window.toSeconds() + 1, PAGE_SIZE));
        revokedTokens.add(tokens);
        loaded = tokens.size() < PAGE_SIZE;
      }
      readAt = start;
    } catch (DataAccessException | TransactionException e) {
      log.debug("cannot read revoked tokens, cause={}", e.getMessage());
    } catch (RuntimeException e) {
      // An exception would end the schedule.
      log.error("cannot read revoked tokens", e);
    }
  }

  private void loadAll() {
    String last = "";
    List<RevokedToken> page;
    do {
      page = tokens(repository.findAfter(last, PAGE_SIZE));
      revokedTokens.addEarlier(page);
      last = page.isEmpty() ? last : page.getLast().id().toString();
    } while (page.size() == PAGE_SIZE);
  }

  private static List<RevokedToken> tokens(List<RevokedTokenEntity> rows) {
    return rows.stream().map(RevokedTokenEntity::token).toList();
  }

  private void deleteExpired() {
    revokedTokens.removeExpired();
    try {
      List<RevokedTokenEntity> expired;
      do {
        expired = repository.findFirst1000ByKeptUntilLessThan(clock.instant().getEpochSecond());
        repository.deleteAllInBatch(expired);
        log.debug("deleted expired revocations, rows={}", expired.size());
      } while (!expired.isEmpty());
    } catch (DataAccessException | TransactionException e) {
      log.debug("cannot delete expired revocations, cause={}", e.getMessage());
    } catch (RuntimeException e) {
      // An exception would end the schedule.
      log.error("cannot delete expired revocations", e);
    }
  }

  /// Reads all revocations first, so that the first request is verified against them.
  @Override
  public void start() {
    read();
    revokedTokens.subscribe();
    scheduler =
        Executors.newScheduledThreadPool(
            2, Thread.ofVirtual().name("revoked-tokens-", 0).factory());
    long interval = settings.pollInterval().toMillis();
    scheduler.scheduleWithFixedDelay(this::read, interval, interval, TimeUnit.MILLISECONDS);
    scheduler.scheduleWithFixedDelay(
        this::deleteExpired,
        DELETE_INTERVAL.toMillis(),
        DELETE_INTERVAL.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  @Override
  public void stop() {
    scheduler.shutdownNow();
    scheduler = null;
  }

  @Override
  public boolean isRunning() {
    return scheduler != null;
  }

  /// Starts ahead of the web server.
  @Override
  public int getPhase() {
    return 0;
  }
}
