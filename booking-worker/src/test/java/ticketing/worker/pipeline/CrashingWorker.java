package ticketing.worker.pipeline;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.transaction.PlatformTransactionManager;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequest;
import ticketing.status.StatusStore;
import ticketing.userfeed.UserChanges;
import ticketing.worker.WorkerApplication;
import ticketing.worker.failure.FatalErrorHandler;

/// Worker whose process ends without shutdown, as by kill -9, at a given point of the pipeline.
final class CrashingWorker {

  private static final int KILLED = 137;

  enum Point {
    /// The lock is acquired, the transaction is not begun.
    LOCKED,
    BEFORE_COMMIT,
    /// Not published.
    COMMITTED,
    /// No message is deleted. The batch ends with an error that is fatal for the process.
    PUBLISHED,
    /// Some messages of one call are deleted, the others are not.
    HALF_DELETED;

    int exitCode() {
      return this == PUBLISHED ? FatalErrorHandler.EXIT_CODE : KILLED;
    }
  }

  private CrashingWorker() {}

  /// @param arguments the point, then the settings
  public static void main(String[] arguments) {
    Point point = Point.valueOf(arguments[0]);
    SpringApplication worker = new SpringApplication(WorkerApplication.class);
    worker.addInitializers(context -> {
      context.getBeanFactory().addBeanPostProcessor(new Trap(point));
      if (point == Point.COMMITTED || point == Point.PUBLISHED) {
        GenericApplicationContext beans = (GenericApplicationContext) context;
        beans.registerBean(
            "crashingPublisher",
            DecisionPublisher.class,
            () ->
                new CrashingPublisher(
                    beans.getBean(StatusStore.class),
                    beans.getBean(UserChanges.class),
                    beans.getBean(PipelineMetrics.class),
                    point),
            definition -> definition.setPrimary(true));
      }
    });
    worker.run(List.of(arguments).subList(1, arguments.length).toArray(String[]::new));
  }

  private static void die() {
    Runtime.getRuntime().halt(KILLED);
  }

  private static final class CrashingPublisher extends DecisionPublisher {
    private final Point point;

    CrashingPublisher(
        StatusStore store, UserChanges changes, PipelineMetrics metrics, Point point) {
      super(store, changes, metrics);
      this.point = point;
    }

    @Override
    void publish(Collection<CommittedBatch> batches) {
      if (point == Point.PUBLISHED) {
        super.publish(batches);
        throw new OutOfMemoryError("test");
      }
      die();
    }
  }

  /// Wraps the database or the queue of the worker.
  private record Trap(Point point) implements BeanPostProcessor {

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      return switch (bean) {
        case PlatformTransactionManager real when point == Point.LOCKED ->
            crashingAt("getTransaction", PlatformTransactionManager.class, real);
        case PlatformTransactionManager real when point == Point.BEFORE_COMMIT ->
            crashingAt("commit", PlatformTransactionManager.class, real);
        case SqsAsyncClient real when point == Point.HALF_DELETED -> deletingHalf(real);
        default -> bean;
      };
    }

    private static <T> T crashingAt(String call, Class<T> type, T real) {
      return proxy(
          type,
          real,
          (method, arguments) -> {
            if (method.equals(call)) {
              die();
            }
          });
    }

    private static SqsAsyncClient deletingHalf(SqsAsyncClient real) {
      return proxy(
          SqsAsyncClient.class,
          real,
          (method, arguments) -> {
            if (method.equals("deleteMessageBatch")
                && arguments[0] instanceof Consumer<?> request) {
              DeleteMessageBatchRequest all = request(request);
              if (all.entries().size() > 1) {
                DeleteMessageBatchRequest half =
                    all.toBuilder()
                        .entries(all.entries().subList(0, all.entries().size() / 2))
                        .build();
                // On a slow machine the receipt handles may be outdated: no message is deleted.
                if (!real.deleteMessageBatch(half).join().successful().isEmpty()) {
                  die();
                }
              }
            }
          });
    }

    @SuppressWarnings("unchecked")
    private static DeleteMessageBatchRequest request(Consumer<?> fill) {
      DeleteMessageBatchRequest.Builder builder = DeleteMessageBatchRequest.builder();
      ((Consumer<DeleteMessageBatchRequest.Builder>) fill).accept(builder);
      return builder.build();
    }

    private interface Before {
      void call(String method, Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, T real, Before before) {
      return type.cast(
          Proxy.newProxyInstance(
              type.getClassLoader(),
              new Class<?>[] {type},
              (proxy, method, arguments) -> {
                before.call(method.getName(), arguments);
                try {
                  return method.invoke(real, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              }));
    }
  }
}
