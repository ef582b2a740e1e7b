package ticketing.ingress.entrypass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.DecodeHintType;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Entry passes: contents, signature, QR code, and the reservations that have one.
class EntryPassTest {

  private static final Pattern RUN = Pattern.compile("M(\\d+) (\\d+)h(\\d+)v1H\\d+z");
  private static final int PIXELS = 4; // side of one module
  private static final int MARGIN = 4; // modules

  private final IngressFixture ingress = IngressFixture.shared();
  private final String user = IngressFixture.newUser();

  private IngressFixture.Answer pass(long reservation, String token) {
    return ingress.get("/api/v1/reservations/" + reservation + "/entry-pass", token);
  }

  private JWSObject verified(String pass) throws Exception {
    JWKSet keys = JWKSet.parse(ingress.get("/.well-known/entry-pass-keys.json", null).body());
    JWSObject parsed = JWSObject.parse(pass);
    assertThat(
            parsed.verify(
                new ECDSAVerifier(keys.getKeyByKeyId(parsed.getHeader().getKeyID()).toECKey())))
        .isTrue();
    return parsed;
  }

  @Test
  void publishedKeyVerifiesPassOfQrCode() throws Exception {
    long event = ingress.newEvent();
    long reservation = ingress.reserve(user, event, "CONFIRMED", null);
    ingress.sql().update("update reservations set seats = 'A-1,A-2' where id = ?", reservation);
    ingress
        .sql()
        .update(
            "insert into users (id, email, password_hash, name, role, created_at)"
                + " values (?, ?, '-', '김민지', 'BUYER', now())",
            user,
            user + "@example.org");
    IngressFixture.Answer answer = pass(reservation, ingress.token(user));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().get("expiresAt").asString()).isEqualTo("2030-12-25T10:00:00Z");
    JWSObject pass = verified(decode(answer.json().get("qrCode")));
    assertThat(pass.serialize()).isEqualTo(answer.json().get("pass").asString());
    assertThat(pass.getHeader().getType().getType()).isEqualTo("entry+jwt");
    JsonNode claims = Json.INTERNAL.readTree(pass.getPayload().toString());
    assertThat(claims)
        .isEqualTo(
            Json.INTERNAL.readTree(
                """
                {"iss":"ticketing","aud":"ticketing-entry","sub":"%d","exp":%d,"evt":%d,
                 "evn":"Concert","evd":%d,"tz":"Asia/Seoul","type":"VIP","qty":2,
                 "seats":["A-1","A-2"],"name":"김민지"}\
                """
                    .formatted(
                        reservation,
                        Instant.parse("2030-12-25T10:00:00Z").getEpochSecond(),
                        event,
                        Instant.parse("2030-12-24T10:00:00Z").getEpochSecond())));
  }

  /// Draws the path and reads the picture as a camera does.
  private static String decode(JsonNode qrCode) throws Exception {
    int side = (qrCode.get("size").intValue() + 2 * MARGIN) * PIXELS;
    int[] pixels = new int[side * side];
    Arrays.fill(pixels, 0xFFFFFF);
    for (MatchResult run : RUN.matcher(qrCode.get("path").asString()).results().toList()) {
      int left = (Integer.parseInt(run.group(1)) + MARGIN) * PIXELS;
      int top = (Integer.parseInt(run.group(2)) + MARGIN) * PIXELS;
      int width = Integer.parseInt(run.group(3)) * PIXELS;
      for (int y = top; y < top + PIXELS; y++) {
        Arrays.fill(pixels, y * side + left, y * side + left + width, 0);
      }
    }
    return new QRCodeReader()
        .decode(
            new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(side, side, pixels))),
            Map.of(DecodeHintType.PURE_BARCODE, true))
        .getText();
  }

  @Test
  void passIsNoAccessToken() {
    long reservation = ingress.reserve(user, ingress.newEvent(), "CONFIRMED", null);
    String pass = pass(reservation, ingress.token(user)).json().get("pass").asString();
    assertThat(ingress.get("/api/v1/users/me", pass).status()).isEqualTo(401);
    assertThat(ingress.get("/api/v1/operations/queue", pass).status()).isEqualTo(401);
  }

  @Test
  void onlyOwnersOfConfirmedReservationsGetPasses() {
    long event = ingress.newEvent();
    String token = ingress.token(user);
    long confirmed = ingress.reserve(user, event, "CONFIRMED", null);
    assertThat(pass(confirmed, null).status()).isEqualTo(401);
    for (String other : List.of(ingress.token(IngressFixture.newUser()), ingress.admin())) {
      assertThat(pass(confirmed, other).code()).isEqualTo("RESERVATION_NOT_FOUND");
    }
    for (String status : List.of("HELD", "CANCELLED", "EXPIRED")) {
      long reservation = ingress.reserve(user, event, status, Instant.now().plusSeconds(60));
      assertThat(pass(reservation, token).code()).as(status).isEqualTo("ENTRY_PASS_NOT_FOUND");
    }
    assertThat(pass(confirmed, token).status()).isEqualTo(200);
    assertThat(ingress.delete("/api/v1/events/" + event, ingress.admin()).status()).isEqualTo(204);
    assertThat(pass(confirmed, token).code()).isEqualTo("ENTRY_PASS_NOT_FOUND");
  }

  @Test
  void passEndsOneDayAfterTheShow() {
    long event = ingress.newEvent();
    long reservation = ingress.reserve(user, event, "CONFIRMED", null);
    String token = ingress.token(user);
    Instant end = Instant.now().minus(Duration.ofDays(1));
    begin(event, end.plusSeconds(60));
    assertThat(pass(reservation, token).status()).isEqualTo(200);
    begin(event, end.minusSeconds(1));
    assertThat(pass(reservation, token).code()).isEqualTo("ENTRY_PASS_NOT_FOUND");
  }

  private void begin(long event, Instant at) {
    ingress
        .sql()
        .update("update events set event_date = ? where id = ?", Timestamp.from(at), event);
    assertThat(ingress.post("/api/v1/operations/caches/eviction", ingress.admin(), null).status())
        .isLessThan(300);
  }

  @Test
  void longestReservationFitsTheQrCode() throws Exception {
    long event =
        ingress
            .post(
                "/api/v1/events",
                ingress.admin(),
                IngressFixture.event("").replace("\"Concert\"", '"' + "공".repeat(100) + '"'))
            .json()
            .get("eventId")
            .longValue();
    long reservation = ingress.reserve(user, event, "CONFIRMED", null);
    String seats = String.join(",", Collections.nCopies(10, "석".repeat(40)));
    ingress.sql().update("update reservations set seats = ? where id = ?", seats, reservation);
    JsonNode answer = pass(reservation, ingress.token(user)).json();
    assertThat(decode(answer.get("qrCode"))).isEqualTo(answer.get("pass").asString());
  }

  @Test
  void foreignAndPublicKeysAreRefused() throws Exception {
    KeyPair first = keyPair("secp256r1");
    KeyPair second = keyPair("secp256r1");
    KeyPair longer = keyPair("secp384r1");
    assertThat(new EntryPassSigner(settings(first, first, second), false).sign(Map.of()))
        .isPresent();
    assertThat(new EntryPassSigner(new EntryPassSettings("", List.of()), false).sign(Map.of()))
        .isEmpty();
    assertThatThrownBy(() -> new EntryPassSigner(settings(first, second), false))
        .hasMessageContaining("does not contain the key");
    assertThatThrownBy(() -> new EntryPassSigner(settings(longer, longer), false))
        .isInstanceOf(IllegalStateException.class);
    EntryPassSettings local =
        new EntryPassSettings("", List.of(EntryPassSettings.LOCAL_PUBLIC_KEY));
    assertThatThrownBy(() -> new EntryPassSigner(local, false))
        .hasMessageContaining("local profile");
  }

  private static KeyPair keyPair(String curve) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }

  private static EntryPassSettings settings(KeyPair signing, KeyPair... verifying) {
    Base64.Encoder base64 = Base64.getEncoder();
    return new EntryPassSettings(
        base64.encodeToString(signing.getPrivate().getEncoded()),
        Arrays.stream(verifying)
            .map(pair -> base64.encodeToString(pair.getPublic().getEncoded()))
            .toList());
  }
}
