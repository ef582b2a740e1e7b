package ticketing.local.servers;

/// A process or server that could not be started or stopped. The message is one sentence for
/// people, followed by the last lines of the log where there is one.
public final class ServerException extends RuntimeException {

  public ServerException(String message) {
    super(message);
  }

  public ServerException(String message, Throwable cause) {
    super(message, cause);
  }
}
