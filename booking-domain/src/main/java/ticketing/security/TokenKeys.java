package ticketing.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// Keys of our own access tokens. The id of a key is its thumbprint (RFC 7638).
final class TokenKeys {

  /// Two keys are valid during a rotation. More keys cost more signature checks.
  private static final int MAX_KEYS = 4;

  private static final byte[] PROBE = {1, 2, 3};

  private TokenKeys() {}

  /// @throws IllegalStateException if a text is no public key on P-256, or if there are too many
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

  private static ECKey publicKey(String text) {
    try {
      ECPublicKey key =
          (ECPublicKey)
              KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(decode(text)));
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
          "TICKETING_ACCESS_PUBLIC_KEYS contains no public key on the curve P-256", e);
    }
  }

  /// Returns the private key with the one of the public keys that verifies its signatures.
  ///
  /// @throws IllegalStateException if the text is no private key, or no public key belongs to it
  static ECKey signingKey(String text, JWKSet publicKeys) {
    try {
      ECPrivateKey key =
          (ECPrivateKey)
              KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(decode(text)));
      for (JWK candidate : publicKeys.getKeys()) {
        if (isPair(key, candidate.toECKey().toECPublicKey())) {
          return new ECKey.Builder(candidate.toECKey()).privateKey(key).build();
        }
      }
    } catch (GeneralSecurityException | JOSEException | IllegalArgumentException e) {
      // The message of the cause may contain the key.
      throw new IllegalStateException(
          "TICKETING_ACCESS_SIGNING_KEY is no private key on the curve P-256");
    }
    throw new IllegalStateException(
        "TICKETING_ACCESS_PUBLIC_KEYS does not contain the key of TICKETING_ACCESS_SIGNING_KEY");
  }

  private static boolean isPair(ECPrivateKey privateKey, ECPublicKey publicKey)
      throws GeneralSecurityException {
    Signature signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(privateKey);
    signer.update(PROBE);
    byte[] signature = signer.sign();
    signer.initVerify(publicKey);
    signer.update(PROBE);
    return signer.verify(signature);
  }

  /// Accepts PEM and plain base64.
  private static byte[] decode(String text) {
    return Base64.getDecoder()
        .decode(text.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s|\\\\n", ""));
  }
}
