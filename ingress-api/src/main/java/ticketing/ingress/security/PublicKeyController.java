package ticketing.ingress.security;

import java.time.Duration;
import java.util.Map;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.security.AccessTokenVerifier;

/// Public keys of access tokens as a JSON Web Key Set (RFC 7517), for other verifiers.
@RestController
class PublicKeyController {

  private static final Duration MAX_AGE = Duration.ofMinutes(5);

  private final Map<String, Object> keys;

  PublicKeyController(AccessTokenVerifier verifier) {
    this.keys = verifier.publicKeySet();
  }

  @GetMapping(path = "/.well-known/jwks.json", produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<Map<String, Object>> keys() {
    return ResponseEntity.ok().cacheControl(CacheControl.maxAge(MAX_AGE).cachePublic()).body(keys);
  }
}
