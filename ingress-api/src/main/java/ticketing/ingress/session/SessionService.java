package ticketing.ingress.session;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.ingress.security.TokenRevoker;

/// Sessions that a refresh token continues.
///
/// A refresh token is valid once: its use replaces it. The use of a replaced token ends the session
/// and revokes its access tokens, because two parties have the token. A session ends after its
/// lifetime, at sign-out, and when the generation of its user changes.
@Component
public class SessionService implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(SessionService.class);
  private static final int MAX_DELETED_SESSIONS = 1_000; // in one transaction

  private final SessionRepository repository;
  private final TokenRevoker revoker;
  private final SessionSettings settings;
  private final Clock clock;
  private ScheduledExecutorService scheduler;

  SessionService(
      SessionRepository repository, TokenRevoker revoker, SessionSettings settings, Clock clock) {
    this.repository = repository;
    this.revoker = revoker;
    this.settings = settings;
    this.clock = clock;
  }

  /// @param refreshToken text for the client
  public record Session(
      UUID sessionId, String userId, int generation, String refreshToken, Instant expiresAt) {}

  /// Session of a refresh token that was not used yet.
  public record Candidate(UUID sessionId, String userId, int generation) {}

  /// Starts a session. The least recently used sessions over the maximum end.
  public Session open(String userId, int generation) {
    RefreshToken token = RefreshToken.generate();
    UUID sessionId = UUID.randomUUID();
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Instant expiresAt = now.plus(settings.lifetime());
    repository.save(new SessionEntity(sessionId, token, userId, generation, now, expiresAt));
    for (String id : repository.findExcess(userId, settings.maxPerUser())) {
      repository.delete(id);
    }
    return new Session(sessionId, userId, generation, token.text(), expiresAt);
  }

  /// Returns the session of a refresh token. The token stays valid.
  public Optional<Candidate> find(String refreshToken) {
    return RefreshToken.parse(refreshToken)
        .flatMap(token -> repository.find(token.selectorHash()))
        .filter(session -> !session.isExpired(clock.instant()))
        .map(session -> new Candidate(session.sessionId(), session.userId(), session.generation()));
  }

  /// Replaces a refresh token. Of concurrent uses of one token, one succeeds, and the session ends.
  ///
  /// @return empty if the token was used earlier; then the session has ended
  public Optional<Session> rotate(String refreshToken) {
    RefreshToken token = RefreshToken.parse(refreshToken).orElse(null);
    if (token == null) {
      return Optional.empty();
    }
    SessionEntity session = repository.find(token.selectorHash()).orElse(null);
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    if (session == null || session.isExpired(now)) {
      return Optional.empty();
    }
    RefreshToken next = token.next();
    if (repository.rotate(
            session.sessionId().toString(), token.secretHash(), next.secretHash(), now)
        == 1) {
      return Optional.of(
          new Session(
              session.sessionId(),
              session.userId(),
              session.generation(),
              next.text(),
              session.expiresAt()));
    }
    log.warn("refresh token was used twice, session={}", session.sessionId());
    end(session.sessionId());
    return Optional.empty();
  }

  /// Ends a session and revokes its access tokens.
  public void end(UUID sessionId) {
    revoker.revokeSession(sessionId);
    repository.delete(sessionId.toString());
  }

  /// Ends all sessions of a user. Their access tokens are revoked by the generation of the user.
  ///
  /// It locks the rows by the primary key as a rotation does. A deletion by the index of users
  /// would deadlock with it. A session that starts meanwhile has the former generation and is
  /// refused.
  public void endAll(String userId) {
    List<String> ids = repository.findOfUser(userId);
    if (!ids.isEmpty()) {
      repository.deleteAll(ids);
    }
  }

  private void deleteExpired() {
    try {
      List<String> expired = findExpired();
      while (!expired.isEmpty()) {
        log.debug("deleted expired sessions, rows={}", repository.deleteAll(expired));
        expired = findExpired();
      }
    } catch (DataAccessException | TransactionException e) {
      log.debug("cannot delete expired sessions, cause={}", e.getMessage());
    } catch (RuntimeException e) {
      // An exception would end the schedule.
      log.error("cannot delete expired sessions", e);
    }
  }

  private List<String> findExpired() {
    return repository.findExpired(clock.instant(), PageRequest.ofSize(MAX_DELETED_SESSIONS));
  }

  @Override
  public void start() {
    scheduler =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("sessions-", 0).factory());
    long interval = settings.deleteInterval().toMillis();
    scheduler.scheduleWithFixedDelay(
        this::deleteExpired, interval, interval, TimeUnit.MILLISECONDS);
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
}
