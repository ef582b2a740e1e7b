package ticketing.security;

/// Rights of a user. The names are part of the public contract.
public enum Role {
  BUYER,
  /// Reads operations and all reservations and tickets.
  STAFF,
  ADMIN;

  /// Returns true for the roles that read the resources of all users.
  public boolean readsAll() {
    return this != BUYER;
  }
}
