package ticketing.ingress.command;

import java.net.ConnectException;
import java.net.UnknownHostException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/// What a failed call to the queue tells about the message in it.
public final class SqsErrors {

  private SqsErrors() {}

  /// Whether it is certain that the queue has not taken the message, and will not: there was no
  /// connection to send it on, or the queue has said so. Anything else, a time limit, a connection
  /// that was lost, an error on the queue's side, leaves it open.
  static boolean isRefusal(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException || cause instanceof UnknownHostException) {
        return true;
      }
      if (cause instanceof AwsServiceException answer) {
        return answer.statusCode() == 0
            ? isRefusalOfEntry(answer)
            : answer.statusCode() >= 400 && answer.statusCode() < 500;
      }
    }
    return false;
  }

  /// The call was answered, but refused this one of its messages.
  private static boolean isRefusalOfEntry(AwsServiceException failure) {
    return failure.awsErrorDetails() != null
        && failure.awsErrorDetails().errorCode() != null
        && !failure.awsErrorDetails().errorCode().contains("Internal");
  }

  /// Whether the call itself may be made again without a doubt about what the first one did.
  public static boolean mayBeRepeated(Throwable failure) {
    return isRefusal(failure)
        && !(failure instanceof AwsServiceException answer && !answer.isThrottlingException());
  }
}
