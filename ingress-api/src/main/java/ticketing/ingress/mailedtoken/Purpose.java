package ticketing.ingress.mailedtoken;

/// Use that a mailed token permits.
public enum Purpose {
  PASSWORD_RESET,
  EMAIL_CONFIRMATION
}
