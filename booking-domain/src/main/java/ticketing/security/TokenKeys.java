package ticketing.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// RSA keys of our own access tokens. The id of a key is its thumbprint (RFC 7638).
///
/// Every first request of a buyer costs a verification, and only a sign-in costs a signature. RS256
/// is therefore used: its verification is ten times faster than that of ES256.
final class TokenKeys {

  /// Two keys are valid during a rotation. More keys cost more signature checks.
  private static final int MAX_KEYS = 4;

  private static final int MIN_KEY_BITS = 2048; // RFC 7518, section 3.3

  private TokenKeys() {}

  /// @throws IllegalStateException if a text is no public RSA key, or if there are too many
  static JWKSet publicKeys(List<String> texts) {
    if (texts.size() > MAX_KEYS) {
      throw new IllegalStateException(
          "TICKETING_ACCESS_PUBLIC_KEYS has over " + MAX_KEYS + " keys");
    }
    List<JWK> keys = new ArrayList<>();
    for (String text : texts) {
      keys.add(publicKey(text));
    }
    return new JWKSet(keys);
  }

  private static RSAKey publicKey(String text) {
    try {
      RSAPublicKey key =
          (RSAPublicKey)
              KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(decode(text)));
      if (key.getModulus().bitLength() < MIN_KEY_BITS) {
        throw new IllegalArgumentException("the key is too short");
      }
      return new RSAKey.Builder(key)
          .keyUse(KeyUse.SIGNATURE)
          .algorithm(JWSAlgorithm.RS256)
          .keyIDFromThumbprint()
          .build();
    } catch (GeneralSecurityException | JOSEException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "TICKETING_ACCESS_PUBLIC_KEYS contains no public key (RSA, 2048 bits or more)", e);
    }
  }

  /// Returns the private key with the one of the public keys that verifies its signatures.
  ///
  /// @throws IllegalStateException if the text is no private key, or no public key belongs to it
  static RSAKey signingKey(String text, JWKSet publicKeys) {
    try {
      RSAPrivateKey key =
          (RSAPrivateKey)
              KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(decode(text)));
      for (JWK candidate : publicKeys.getKeys()) {
        if (candidate.toRSAKey().toRSAPublicKey().getModulus().equals(key.getModulus())) {
          return new RSAKey.Builder(candidate.toRSAKey()).privateKey(key).build();
        }
      }
    } catch (GeneralSecurityException | JOSEException | IllegalArgumentException e) {
      // The message of the cause may contain the key.
      throw new IllegalStateException(
          "TICKETING_ACCESS_SIGNING_KEY is no private key (RSA, PKCS #8)");
    }
    throw new IllegalStateException(
        "TICKETING_ACCESS_PUBLIC_KEYS does not contain the key of TICKETING_ACCESS_SIGNING_KEY");
  }

  /// Accepts PEM and plain base64.
  private static byte[] decode(String text) {
    return Base64.getDecoder()
        .decode(text.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s|\\\\n", ""));
  }
}
