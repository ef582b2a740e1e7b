package ticketing.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/// Issue and verification of ticket ids.
class TicketIdsTest {

  private static final Instant NOW = Instant.parse("2026-12-24T10:00:00.123Z");

  private final TicketIds ids = with("a".repeat(32));

  private static TicketIds with(String key) {
    return new TicketIds(key.getBytes(StandardCharsets.UTF_8), Clock.fixed(NOW, ZoneOffset.UTC));
  }

  @Test
  void idIsUuidOfVersionEight() {
    for (UUID id : new UUID[] {ids.newId("ann"), ids.derivedFrom("ann", "key")}) {
      assertThat(id.version()).isEqualTo(8);
      assertThat(id.variant()).isEqualTo(2);
    }
  }

  @Test
  void newIdsDifferAndSortByTime() {
    Set<UUID> issued = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      UUID id = ids.newId("user-" + i);
      issued.add(id);
      assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(NOW.toEpochMilli());
    }
    assertThat(issued).hasSize(1_000);
  }

  @Test
  void newIdsOfOneUserDifferWithinMillisecond() {
    Set<UUID> issued = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      issued.add(ids.newId("ann"));
    }
    assertThat(issued).hasSize(10);
  }

  @Test
  void derivedIdDependsOnUserAndKeyAlone() {
    UUID id = ids.derivedFrom("ann", "key");
    assertThat(with("a".repeat(32)).derivedFrom("ann", "key")).isEqualTo(id);
    assertThat(ids.derivedFrom("bob", "key")).isNotEqualTo(id);
    assertThat(ids.derivedFrom("ann", "yek")).isNotEqualTo(id);
    assertThat(ids.derivedFrom("annk", "ey")).isNotEqualTo(id);
    assertThat(with("b".repeat(32)).derivedFrom("ann", "key")).isNotEqualTo(id);
  }

  @Test
  void idVerifiesForItsOwnerOnly() {
    for (UUID id : new UUID[] {ids.newId("ann"), ids.derivedFrom("ann", "key")}) {
      assertThat(ids.isIssuedTo(id, "ann")).isTrue();
      assertThat(ids.isIssuedTo(id, "bob")).isFalse();
      assertThat(ids.isIssuedTo(id, "")).isFalse();
      assertThat(with("b".repeat(32)).isIssuedTo(id, "ann")).isFalse();
    }
  }

  @Test
  void idWithChangedBitDoesNotVerify() {
    UUID id = ids.newId("ann");
    for (int bit = 0; bit < Long.SIZE; bit++) {
      long flip = 1L << bit;
      UUID high = new UUID(id.getMostSignificantBits() ^ flip, id.getLeastSignificantBits());
      UUID low = new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits() ^ flip);
      assertThat(ids.isIssuedTo(high, "ann")).isFalse();
      assertThat(ids.isIssuedTo(low, "ann")).isFalse();
    }
  }

  @Test
  void foreignUuidDoesNotVerify() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(ids.isIssuedTo(UUID.randomUUID(), "ann")).isFalse();
    }
  }

  @Test
  void idOfAnotherRegionDoesNotVerify() {
    TicketIds otherRegion = with("b".repeat(32));
    for (UUID id : new UUID[] {otherRegion.newId("ann"), otherRegion.derivedFrom("ann", "key")}) {
      assertThat(otherRegion.isIssuedTo(id, "ann")).isTrue();
      assertThat(ids.isIssuedTo(id, "ann")).isFalse();
    }
  }

  @Test
  void shortKeyIsRejected() {
    assertThatThrownBy(() -> with("a".repeat(31))).isInstanceOf(IllegalArgumentException.class);
  }
}
