package ticketing.ingress.entrypass;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;

/// Signs entry passes with ES256. Its key differs from that of access tokens: passes outlive them,
/// short signatures keep the QR code small, and neither key verifies the tokens of the other.
@Component
class EntryPassSigner {

  /// Header `typ` of a pass. Access tokens have another one.
  static final String TYPE = "entry+jwt";

  /// Passes of an old key are valid until its public key is removed.
  private static final int MAX_KEYS = 4;

  private final JWKSet publicKeys;
  private final Optional<Signer> signer;

  private record Signer(String keyId, ECPrivateKey key) {}

  /// @throws IllegalStateException if a key is invalid, if the private key belongs to no public
  ///   key, or if the key of the local profile is used elsewhere
  @Autowired
  EntryPassSigner(EntryPassSettings settings, Environment environment) {
    this(settings, environment.acceptsProfiles(Profiles.of("local")));
  }

  EntryPassSigner(EntryPassSettings settings, boolean local) {
    if (settings.publicKeys().size() > MAX_KEYS) {
      throw new IllegalStateException(
          "TICKETING_ENTRY_PASSES_PUBLIC_KEYS has over " + MAX_KEYS + " keys");
    }
    List<JWK> keys = new ArrayList<>();
    for (String text : settings.publicKeys()) {
      keys.add(publicKey(text));
    }
    this.publicKeys = new JWKSet(keys);
    String localKey = publicKey(EntryPassSettings.LOCAL_PUBLIC_KEY).getKeyID();
    if (!local && publicKeys.getKeyByKeyId(localKey) != null) {
      throw new IllegalStateException(
          "TICKETING_ENTRY_PASSES_PUBLIC_KEYS contains the key of the local profile");
    }
    this.signer =
        settings.key().isEmpty() ? Optional.empty() : Optional.of(signer(privateKey(settings)));
  }

  private static ECKey publicKey(String text) {
    try {
      ECPublicKey key =
          (ECPublicKey)
              KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(decode(text)));
      // Verifies the curve.
      new ECDSAVerifier(key);
      return new ECKey.Builder(Curve.P_256, key)
          .keyUse(KeyUse.SIGNATURE)
          .algorithm(JWSAlgorithm.ES256)
          .keyIDFromThumbprint()
          .build();
    } catch (GeneralSecurityException
        | JOSEException
        | IllegalArgumentException
        | IllegalStateException e) {
      throw new IllegalStateException(
          "TICKETING_ENTRY_PASSES_PUBLIC_KEYS contains no public key (EC, P-256)", e);
    }
  }

  private static ECPrivateKey privateKey(EntryPassSettings settings) {
    try {
      return (ECPrivateKey)
          KeyFactory.getInstance("EC")
              .generatePrivate(new PKCS8EncodedKeySpec(decode(settings.key())));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      // The message of the cause may contain the key.
      throw new IllegalStateException(
          "TICKETING_ENTRY_PASSES_KEY is no private key (EC, P-256, PKCS #8)");
    }
  }

  /// Returns the signer with the id of the public key that verifies its signatures.
  private Signer signer(ECPrivateKey key) {
    try {
      for (JWK candidate : publicKeys.getKeys()) {
        JWSObject probe = sign(new Signer(candidate.getKeyID(), key), Map.of());
        if (probe.verify(new ECDSAVerifier(candidate.toECKey()))) {
          return new Signer(candidate.getKeyID(), key);
        }
      }
    } catch (JOSEException e) {
      throw new IllegalStateException("TICKETING_ENTRY_PASSES_KEY cannot sign (EC, P-256)", e);
    }
    throw new IllegalStateException(
        "TICKETING_ENTRY_PASSES_PUBLIC_KEYS does not contain the key of"
            + " TICKETING_ENTRY_PASSES_KEY");
  }

  /// Returns the signed claims in the compact form (RFC 7515), or empty without a key.
  Optional<String> sign(Map<String, @Nullable Object> claims) {
    return signer.map(known -> {
      try {
        return sign(known, claims).serialize();
      } catch (JOSEException e) {
        throw new IllegalStateException("cannot sign an entry pass", e);
      }
    });
  }

  private static JWSObject sign(Signer signer, Map<String, @Nullable Object> claims)
      throws JOSEException {
    JWSHeader header =
        new JWSHeader.Builder(JWSAlgorithm.ES256)
            .type(new JOSEObjectType(TYPE))
            .keyID(signer.keyId())
            .build();
    JWSObject pass = new JWSObject(header, new Payload(Json.INTERNAL.writeValueAsString(claims)));
    pass.sign(new ECDSASigner(signer.key()));
    return pass;
  }

  /// Public keys as a JSON Web Key Set (RFC 7517).
  Map<String, Object> publicKeySet() {
    return publicKeys.toJSONObject(true);
  }

  /// Accepts PEM and plain base64.
  private static byte[] decode(String text) {
    return Base64.getDecoder()
        .decode(text.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s|\\\\n", ""));
  }
}
