package ticketing.ingress.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ticketing.ingress.IngressFixture;

/// Instance on a machine whose clock differs by more than the lifetime of a token.
class ShiftedClockTest {

  private final IngressFixture other = IngressFixture.shared();

  @ParameterizedTest
  @ValueSource(ints = {-2, 2})
  void timesAndTokensFollowTheDatabase(int days) {
    IngressFixture shifted = other.siblingWithSkew(Duration.ofDays(days));
    try {
      long now = shifted.get("/time.json", null).json().get("now").asLong();
      assertThat(Instant.ofEpochMilli(now)).isCloseTo(Instant.now(), within(1, ChronoUnit.MINUTES));

      String own = shifted.token(IngressFixture.newUser());
      String foreign = other.token(IngressFixture.newUser());
      for (IngressFixture instance : List.of(shifted, other)) {
        for (String token : List.of(own, foreign)) {
          assertThat(instance.get("/api/v1/users/me/reservations", token).status()).isEqualTo(200);
        }
      }
    } finally {
      shifted.close();
    }
  }
}
