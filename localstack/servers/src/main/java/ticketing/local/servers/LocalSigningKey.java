package ticketing.local.servers;

/// Private key with which tests and the demo sign access tokens for processes in the local profile.
/// It equals the one in `application-local.yaml` of ingress-api.
public final class LocalSigningKey {

  /// Base64 of the PKCS #8 form, on the curve P-256.
  public static final String PRIVATE_KEY =
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgl7koc9KDOk4Tbu3oQN/zkeNwWM54+iTY"
          + "Txng8Rl+ah6hRANCAAR1MRpEwrQDm+uYfkd/ElSD0D7ON+e/nE4Z3crRWQROq9RrzBJDX+UMTe9CvtfGqr3bmR2GdDdn7g5MFJH8YRHR";

  private LocalSigningKey() {}
}
