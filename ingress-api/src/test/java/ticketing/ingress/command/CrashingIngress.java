package ticketing.ingress.command;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.SqsException;
import software.amazon.awssdk.services.sqs.model.UnsupportedOperationException;
import ticketing.ingress.IngressApplication;

/// Ingress API that halts its process, like kill -9, at a given point.
final class CrashingIngress {

  static final int KILLED = 137;

  enum Point {
    /// The ticket is in the status store, its command is not on the queue.
    BEFORE_SENDING,
    /// The command is on the queue, its request has no answer.
    SENT,
    /// A dead letter is sent to the queue and not deleted yet.
    HALF_REDRIVEN
  }

  private CrashingIngress() {}

  /// @param arguments the point, then the settings
  public static void main(String[] arguments) {
    Point point = Point.valueOf(arguments[0]);
    SpringApplication ingress = new SpringApplication(IngressApplication.class);
    ingress.addInitializers(
        context -> context.getBeanFactory().addBeanPostProcessor(new CrashPoint(point)));
    ingress.run(List.of(arguments).subList(1, arguments.length).toArray(String[]::new));
  }

  /// Intercepts the calls to SQS.
  private record CrashPoint(Point point) implements BeanPostProcessor {

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      return bean instanceof SqsAsyncClient real ? intercepted(real) : bean;
    }

    private SqsAsyncClient intercepted(SqsAsyncClient real) {
      return (SqsAsyncClient)
          Proxy.newProxyInstance(
              SqsAsyncClient.class.getClassLoader(),
              new Class<?>[] {SqsAsyncClient.class},
              (proxy, method, arguments) -> {
                boolean sends = method.getName().equals("sendMessageBatch");
                boolean deletes = method.getName().equals("deleteMessageBatch");
                if (sends && point == Point.BEFORE_SENDING) {
                  halt();
                }
                if (method.getName().equals("startMessageMoveTask")) {
                  return CompletableFuture.failedFuture(unsupported());
                }
                Object result;
                try {
                  result = method.invoke(real, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
                if (sends && point == Point.SENT
                    || (sends || deletes) && point == Point.HALF_REDRIVEN) {
                  ((CompletableFuture<?>) result).join();
                  halt();
                }
                return result;
              });
    }

    private static SqsException unsupported() {
      return (SqsException)
          UnsupportedOperationException.builder().message("not supported").build();
    }

    private static void halt() {
      Runtime.getRuntime().halt(KILLED);
    }
  }
}
