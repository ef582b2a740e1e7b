package ticketing.local.servers;

/// Failure to start or stop a process or server. The message is one sentence for people, followed
/// by the last lines of the log if there is one.
public final class ServerException extends RuntimeException {

  public ServerException(String message) {
    super(message);
  }

  public ServerException(String message, Throwable cause) {
    super(message, cause);
  }
}
