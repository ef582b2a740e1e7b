package ticketing.ingress.command;

import java.net.ConnectException;
import java.net.UnknownHostException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;

/// Classification of failed calls to SQS by their effect.
final class SqsErrors {

  private SqsErrors() {}

  /// Returns true if the queue certainly has not stored the messages of the call, and will not: no
  /// connection was made, or the queue answered with a client error. A timeout, a lost connection
  /// and an error of the queue leave the effect open.
  static boolean isRefusal(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException || cause instanceof UnknownHostException) {
        return true;
      }
      if (cause instanceof AwsServiceException answer) {
        return answer.statusCode() >= 400 && answer.statusCode() < 500;
      }
    }
    return false;
  }

  /// Returns true if the queue certainly has not stored this message of an answered call. Only an
  /// internal error of the queue leaves the effect open.
  static boolean isRefusal(BatchResultErrorEntry error) {
    return Boolean.TRUE.equals(error.senderFault())
        || error.code() != null && !error.code().contains("Internal");
  }

  /// Returns true if the call can be repeated without a doubt about the effect of the first one.
  static boolean mayBeRepeated(Throwable failure) {
    return isRefusal(failure)
        && !(failure instanceof AwsServiceException answer && !answer.isThrottlingException());
  }
}
