package ticketing.ingress.entrypass;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Signature of entry passes.
///
/// @param key private key (EC, P-256), as PEM or base64 of the PKCS #8 DER form; its public key is
///   one of `publicKeys`. Empty: reservations have no entry pass
/// @param publicKeys public keys (EC, P-256), as PEM or base64 of the X.509 DER form, at most 4.
///   Passes of a removed key are refused
@ConfigurationProperties("ticketing.entry-passes")
record EntryPassSettings(@DefaultValue("") String key, @DefaultValue List<String> publicKeys) {

  /// Public key of the local profile. Its private key is public too, so it is refused elsewhere.
  static final String LOCAL_PUBLIC_KEY =
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEM8ihHpq61DWXqV4QCXDLNV3Ww5t4XHR43WGwAYMop6si2uSx"
          + "EpHQgYvzEvRNxjaYmRp9FsBXpcueHDG/cgiPAQ==";
}
