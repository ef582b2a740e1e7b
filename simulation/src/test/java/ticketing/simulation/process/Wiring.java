package ticketing.simulation.process;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.scheduling.annotation.Scheduled;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.simulation.kernel.SimulatedRuntime;

/// Constructor injection of the production classes of one process, as Spring does it. Types are
/// package-private, so they are named by text.
final class Wiring {

  private static final Map<Class<?>, Constructor<?>> CONSTRUCTORS = new ConcurrentHashMap<>();
  private static final Map<String, Method> METHODS = new ConcurrentHashMap<>();
  private static final long MIN_JOB_DELAY_MILLIS = 1_000; // spares steps of a quiet system
  private static final Comparator<Constructor<?>> PREFERRED =
      Comparator.<Constructor<?>, Boolean>comparing(
              constructor -> constructor.isAnnotationPresent(Autowired.class))
          .thenComparing(Constructor::getParameterCount);

  private final ProcessSettings settings;
  private final SimulatedProcess process;
  private final List<Object> instances = new ArrayList<>();

  Wiring(ProcessSettings settings, SimulatedProcess process) {
    this.settings = settings;
    this.process = process;
  }

  void add(Object... added) {
    instances.addAll(Arrays.asList(added));
  }

  /// Returns the instance of a type, which is created if it does not exist.
  <T> T get(Class<T> type) {
    for (Object instance : instances) {
      if (type.isInstance(instance)) {
        return type.cast(instance);
      }
    }
    T created =
        type.isAnnotationPresent(ConfigurationProperties.class) ? settings.get(type) : create(type);
    instances.add(created);
    return created;
  }

  Object get(String className) {
    return get(type(className));
  }

  static Class<?> type(String className) {
    try {
      return Class.forName(className);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private <T> T create(Class<T> type) {
    Constructor<?> constructor =
        CONSTRUCTORS.computeIfAbsent(
            type,
            unused -> {
              Constructor<?> chosen =
                  Arrays.stream(type.getDeclaredConstructors())
                      .max(PREFERRED)
                      .orElseThrow(() -> new IllegalStateException("no instance of " + type));
              chosen.setAccessible(true);
              return chosen;
            });
    try {
      return type.cast(
          constructor.newInstance(
              Arrays.stream(constructor.getParameterTypes()).map(this::get).toArray()));
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName(), e);
    }
  }

  private static Method find(Class<?> type, String method, int parameters) {
    Method found =
        Arrays.stream(type.getDeclaredMethods())
            .filter(one -> one.getName().equals(method))
            .filter(one -> one.getParameterCount() == parameters)
            .findFirst()
            .orElseThrow(() -> new IllegalStateException(type + "." + method));
    found.setAccessible(true);
    return found;
  }

  /// Calls a method without a bound on its visibility.
  static Object call(Object target, String method, Object... arguments) {
    try {
      return METHODS
          .computeIfAbsent(
              target.getClass().getName() + "." + method + arguments.length,
              name -> find(target.getClass(), method, arguments.length))
          .invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Starts the scheduled methods of an instance, each on its own thread.
  void startJobs(String className) {
    Object job = get(className);
    for (Method method : job.getClass().getDeclaredMethods()) {
      Scheduled scheduled = method.getAnnotation(Scheduled.class);
      if (scheduled != null) {
        Duration delay =
            scheduled.fixedDelay() > 0
                ? Duration.ofMillis(Math.max(MIN_JOB_DELAY_MILLIS, scheduled.fixedDelay()))
                : settings.duration(scheduled.fixedDelayString());
        process.start("job-" + method.getName(), () -> repeat(job, method.getName(), delay));
      }
    }
  }

  private static void repeat(Object job, String method, Duration delay) {
    try {
      while (true) {
        SimulatedRuntime.sleep(TimeUnit.NANOSECONDS, delay.toNanos());
        call(job, method);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
