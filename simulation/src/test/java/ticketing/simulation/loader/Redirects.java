package ticketing.simulation.loader;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Calls of the JDK that the simulation replaces. Each replacement is a static method of the same
/// name in `SimulatedRuntime`; the receiver of an instance method is its first parameter.
final class Redirects {

  private static final ClassDesc RUNTIME =
      ClassDesc.of("ticketing.simulation.kernel.SimulatedRuntime");
  private static final Set<DirectMethodHandleDesc.Kind> METHODS =
      EnumSet.of(
          DirectMethodHandleDesc.Kind.STATIC,
          DirectMethodHandleDesc.Kind.VIRTUAL,
          DirectMethodHandleDesc.Kind.INTERFACE_VIRTUAL);
  private static final Map<String, Boolean> CALLS = new TreeMap<>(); // value: static

  static {
    addStatic("java.lang.System.nanoTime");
    addStatic("java.lang.System.currentTimeMillis");
    addStatic("java.lang.Thread.ofVirtual");
    addStatic("java.lang.Thread.startVirtualThread");
    addStatic("java.lang.Thread.sleep");
    addStatic("java.time.Duration.ofMinutes");
    addStatic("java.time.Clock.systemUTC");
    addStatic("java.time.Clock.systemDefaultZone");
    addStatic("java.time.Instant.now()");
    addStatic("java.util.UUID.randomUUID");
    addStatic("java.util.Collections.shuffle");
    addStatic("java.util.concurrent.ConcurrentHashMap.newKeySet");
    addStatic("java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor");
    addStatic("java.util.concurrent.Executors.newScheduledThreadPool");
    addStatic("java.util.concurrent.Executors.newSingleThreadScheduledExecutor");
    addInstance("java.lang.Object.notifyAll");
    addInstance("java.lang.Object.wait()");
    addInstance("java.lang.Runtime.halt");
    addInstance("java.lang.Thread.join(Duration)");
    addInstance("java.security.SecureRandom.nextBytes");
    addInstance("java.util.concurrent.CompletableFuture.get(long,TimeUnit)");
    addInstance("java.util.concurrent.CompletableFuture.orTimeout");
    addInstance("java.util.concurrent.ExecutorService.awaitTermination");
    addInstance("java.util.concurrent.Future.get(long,TimeUnit)");
    addInstance("java.util.concurrent.Semaphore.tryAcquire(int,long,TimeUnit)");
    addInstance("java.util.concurrent.Semaphore.tryAcquire(long,TimeUnit)");
    addInstance("java.util.concurrent.ThreadLocalRandom.nextDouble()");
    addInstance("java.util.concurrent.ThreadLocalRandom.nextLong()");
    addInstance("java.util.concurrent.TimeUnit.sleep");
    addInstance("java.util.concurrent.TimeUnit.timedWait");
    addInstance("java.util.concurrent.locks.Condition.awaitNanos");
  }

  private Redirects() {}

  private static void addStatic(String method) {
    CALLS.put(method, true);
  }

  private static void addInstance(String method) {
    CALLS.put(method, false);
  }

  /// Call of the same result and parameters, which is static.
  private record Target(String name, MethodTypeDesc type) {}

  private static Optional<Target> find(ClassDesc owner, String name, MethodTypeDesc type) {
    String qualified = owner.packageName() + "." + owner.displayName() + "." + name;
    Boolean isStatic = CALLS.get(qualified);
    if (isStatic == null) {
      StringBuilder parameters = new StringBuilder();
      type.parameterList()
          .forEach(parameter ->
              parameters.append(parameters.isEmpty() ? "" : ",").append(parameter.displayName()));
      isStatic = CALLS.get(qualified + "(" + parameters + ")");
    }
    return Optional.ofNullable(isStatic)
        .map(ofStatic ->
            new Target(
                name,
                name.equals("newKeySet")
                    ? type.changeReturnType(ClassDesc.of("java.util.Set"))
                    : ofStatic ? type : type.insertParameterTypes(0, owner)));
  }

  static final CodeTransform TRANSFORM = Redirects::redirect;

  private static void redirect(CodeBuilder code, CodeElement element) {
    switch (element) {
      case InvokeInstruction call when call.opcode() != Opcode.INVOKESPECIAL ->
          find(call.owner().asSymbol(), call.name().stringValue(), call.typeSymbol())
              .ifPresentOrElse(
                  target -> code.invokestatic(RUNTIME, target.name(), target.type()),
                  () -> code.with(call));
      case InvokeDynamicInstruction call -> redirectReferences(code, call);
      // Only one thread runs at a time, and it blocks in no critical section.
      case MonitorInstruction _ -> code.pop();
      default -> code.with(element);
    }
  }

  private static void redirectReferences(CodeBuilder code, InvokeDynamicInstruction call) {
    ConstantDesc[] arguments = call.bootstrapArgs().toArray(ConstantDesc[]::new);
    boolean changed = false;
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] instanceof DirectMethodHandleDesc reference
          && METHODS.contains(reference.kind())) {
        MethodTypeDesc type = MethodTypeDesc.ofDescriptor(reference.lookupDescriptor());
        Optional<Target> target = find(reference.owner(), reference.methodName(), type);
        if (target.isPresent()) {
          arguments[i] =
              MethodHandleDesc.ofMethod(
                  DirectMethodHandleDesc.Kind.STATIC,
                  RUNTIME,
                  target.get().name(),
                  target.get().type());
          changed = true;
        }
      }
    }
    if (changed) {
      code.invokedynamic(
          DynamicCallSiteDesc.of(
              call.bootstrapMethod(), call.name().stringValue(), call.typeSymbol(), arguments));
    } else {
      code.with(call);
    }
  }
}
