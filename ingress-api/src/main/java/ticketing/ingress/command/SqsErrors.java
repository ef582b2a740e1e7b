package ticketing.ingress.command;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;

/// Failed calls to SQS: their effect, and their problem.
public final class SqsErrors {

  private static final Logger log = LoggerFactory.getLogger(SqsErrors.class);

  private SqsErrors() {}

  /// Blocks until a call is answered. The call itself may be shared, so it gets no timeout.
  ///
  /// @throws ticketing.ingress.problem.ApiException `QUEUE_UNAVAILABLE` after a failure or the
  ///   timeout
  public static <T> T await(CompletableFuture<T> call, Duration timeout) {
    try {
      return call.copy().orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException e) {
      throw toApiException(e);
    }
  }

  /// Returns `QUEUE_UNAVAILABLE` for a failure of SQS or a timeout, else the failure itself.
  public static RuntimeException toApiException(CompletionException failure) {
    Throwable cause = failure.getCause();
    if (cause instanceof SdkException || cause instanceof TimeoutException) {
      log.warn("queue unavailable, cause={}", cause.getMessage());
      return CommandAcceptor.queueUnavailable();
    }
    return failure;
  }

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
