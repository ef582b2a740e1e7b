package ticketing.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.LocalSigningKey;
import ticketing.local.servers.TestKeyPair;

/// Signature, rotation and verification of our own access tokens.
class AccessTokenTest {

  private static final TestKeyPair OLD = TestKeyPair.generate();
  private static final TestKeyPair NEW = TestKeyPair.generate();

  private static AccessTokenIssuer issuer(TestKeyPair signing, String... publicKeys) {
    return new AccessTokenIssuer(
        AccessTokenSettings.of(publicKeys),
        new SigningSettings(signing.privateKey(), Duration.ofHours(1)),
        false,
        Clock.systemUTC());
  }

  private static AccessTokenVerifier verifier(String... publicKeys) {
    return new AccessTokenVerifier(AccessTokenSettings.of(publicKeys), false, Clock.systemUTC());
  }

  @Test
  void rotationKeepsTokensOfBothKeys() {
    String before = issuer(OLD, OLD.publicKey()).issue("kim", Role.ADMIN);
    AccessTokenVerifier both = verifier(OLD.publicKey(), NEW.publicKey());
    assertThat(both.verify(before)).get().extracting(VerifiedToken::role).isEqualTo(Role.ADMIN);

    String after = issuer(NEW, OLD.publicKey(), NEW.publicKey()).issue("kim", Role.STAFF);
    assertThat(both.verify(after)).get().extracting(VerifiedToken::role).isEqualTo(Role.STAFF);
    assertThat(verifier(NEW.publicKey()).verify(after)).isPresent();
    assertThat(verifier(NEW.publicKey()).verify(before)).isEmpty();
  }

  @Test
  void tokenNamesKeyAndType() {
    String token = issuer(NEW, NEW.publicKey()).issue("kim", Role.BUYER);
    String header =
        new String(Base64.getUrlDecoder().decode(token.split("\\.")[0]), StandardCharsets.UTF_8);
    String keys = verifier(OLD.publicKey(), NEW.publicKey()).publicKeySet().toString();
    assertThat(header).contains("\"alg\":\"RS256\"", "\"typ\":\"at+jwt\"", "\"kid\":\"");
    String kid = header.replaceAll(".*\"kid\":\"([^\"]*)\".*", "$1");
    assertThat(keys).contains(kid).doesNotContain(", d=");
  }

  @Test
  void pemAndBase64NameTheSameKey() {
    String pem = "-----BEGIN PUBLIC KEY-----\n" + NEW.publicKey() + "\n-----END PUBLIC KEY-----\n";
    String token = issuer(NEW, NEW.publicKey()).issue("kim", Role.BUYER);
    assertThat(verifier(pem).verify(token)).isPresent();
  }

  @Test
  void processRefusesUnusableKeys() {
    assertThatThrownBy(() -> issuer(NEW, OLD.publicKey()))
        .hasMessageContaining("does not contain the key of TICKETING_ACCESS_SIGNING_KEY");
    assertThatThrownBy(() -> issuer(new TestKeyPair("", ""), OLD.publicKey()))
        .hasMessageContaining("Set TICKETING_ACCESS_SIGNING_KEY");
    assertThatThrownBy(() -> issuer(new TestKeyPair("", "bm9uc2Vuc2U="), OLD.publicKey()))
        .hasMessageContaining("no private key")
        .hasNoCause();
    assertThatThrownBy(() -> verifier()).hasMessageContaining("Set TICKETING_ACCESS_PUBLIC_KEYS");
    assertThatThrownBy(() -> verifier("bm9uc2Vuc2U=")).hasMessageContaining("no public key");
    assertThatThrownBy(() -> verifier(shortKey())).hasMessageContaining("no public key");
    assertThatThrownBy(() -> verifier(AccessTokenSettings.LOCAL_PUBLIC_KEY))
        .hasMessageContaining("local profile");
  }

  private static String shortKey() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(1024);
    return Base64.getEncoder().encodeToString(generator.generateKeyPair().getPublic().getEncoded());
  }

  @Test
  void localProfileHasItsKeyPair() {
    AccessTokenIssuer local =
        new AccessTokenIssuer(
            AccessTokenSettings.of(),
            new SigningSettings(LocalSigningKey.PRIVATE_KEY, Duration.ofHours(1)),
            true,
            Clock.systemUTC());
    String token = local.issue("kim", Role.BUYER);
    assertThat(
            new AccessTokenVerifier(AccessTokenSettings.of(), true, Clock.systemUTC())
                .verify(token))
        .isPresent();
    assertThat(verifier(NEW.publicKey()).verify(token)).isEmpty();
  }

  @Test
  void revocationCoversTokenSessionAndGeneration() {
    UUID session = UUID.randomUUID();
    String token = issuer(NEW, NEW.publicKey()).issue("kim", Role.BUYER, 3, session);
    VerifiedToken verified = verifier(NEW.publicKey()).verify(token).orElseThrow();
    assertThat(verified.sessionId()).isEqualTo(session);
    assertThat(verified.revocationIds())
        .containsExactly(
            verified.tokenId(),
            RevokedToken.idOfSession(session),
            RevokedToken.idOfGeneration("kim", 3))
        .doesNotContain(RevokedToken.idOfGeneration("kim", 4));
  }

  @Test
  void secretKeyAlgorithmIsRefused() throws Exception {
    String good = issuer(NEW, NEW.publicKey()).issue("kim", Role.BUYER);
    String claims = good.split("\\.")[1];
    for (String header :
        List.of(
            "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
            "{\"alg\":\"none\",\"typ\":\"at+jwt\"}",
            "{\"alg\":\"RS256\",\"typ\":\"JWT\"}")) {
      String head =
          Base64.getUrlEncoder().withoutPadding().encodeToString(header.getBytes("UTF-8"));
      String forged = head + "." + claims + "." + good.split("\\.")[2];
      assertThat(verifier(NEW.publicKey()).verify(forged)).as(header).isEmpty();
    }
  }
}
