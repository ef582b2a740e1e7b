package ticketing.security;

/// The keys of the issuer are unavailable, so a token can be neither accepted nor refused.
public final class IssuerUnavailableException extends RuntimeException {

  IssuerUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
