package ticketing.worker.pipeline;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Consumer;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.transaction.PlatformTransactionManager;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequest;
import ticketing.domain.EventView;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.WorkerApplication;
import ticketing.worker.settings.WorkerMetrics;

/// A worker whose process is gone, as by kill -9, as soon as it comes to a given point of its work.
final class CrashingWorker {

  static final int KILLED = 137;

  enum Point {
    /// The lock is taken, the transaction is not begun.
    LOCKED,
    BEFORE_COMMIT,
    /// Not announced.
    COMMITTED,
    /// No message is deleted.
    ANNOUNCED,
    /// Of the messages of one call some are deleted, the others not.
    HALF_DELETED
  }

  private CrashingWorker() {}

  /// @param arguments the point, then the settings
  public static void main(String[] arguments) {
    Point point = Point.valueOf(arguments[0]);
    SpringApplication worker = new SpringApplication(WorkerApplication.class);
    worker.addInitializers(
        context -> {
          context.getBeanFactory().addBeanPostProcessor(new Trap(point));
          if (point == Point.COMMITTED || point == Point.ANNOUNCED) {
            GenericApplicationContext beans = (GenericApplicationContext) context;
            beans.registerBean(
                "lastAnnouncer",
                DecisionPublisher.class,
                () ->
                    new LastAnnouncer(
                        beans.getBean(StatusStore.class),
                        beans.getBean(WorkerMetrics.class),
                        point),
                definition -> definition.setPrimary(true));
          }
        });
    worker.run(List.of(arguments).subList(1, arguments.length).toArray(String[]::new));
  }

  private static void die() {
    Runtime.getRuntime().halt(KILLED);
  }

  private static final class LastAnnouncer extends DecisionPublisher {
    private final Point point;

    LastAnnouncer(StatusStore board, WorkerMetrics metrics, Point point) {
      super(board, metrics);
      this.point = point;
    }

    @Override
    public void announce(
        List<StatusEntry> fresh, List<StatusEntry> known, EventView event, List<Long> changed) {
      if (point == Point.ANNOUNCED) {
        super.announce(fresh, known, event, changed);
      }
      die();
    }
  }

  /// Puts itself between the worker and its database or its queue.
  private record Trap(Point point) implements BeanPostProcessor {

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      return switch (bean) {
        case PlatformTransactionManager real when point == Point.LOCKED ->
            dyingAt("getTransaction", PlatformTransactionManager.class, real);
        case PlatformTransactionManager real when point == Point.BEFORE_COMMIT ->
            dyingAt("commit", PlatformTransactionManager.class, real);
        case SqsAsyncClient real when point == Point.HALF_DELETED -> deletingHalf(real);
        default -> bean;
      };
    }

    private static <T> T dyingAt(String call, Class<T> type, T real) {
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
                // A machine that is so slow that they came again meanwhile deletes none.
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
