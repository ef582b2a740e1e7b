package ticketing.local.servers.schedule;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.AccessFlags;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Constructor;
import java.util.concurrent.atomic.AtomicBoolean;

/// Class loader of the classes of this project, one of which lacks a protection. The main code
/// contains no switch.
public final class MutantLoader extends ClassLoader {

  private static final String OWN_PREFIX = "ticketing.";

  private final String changedClass;
  private final ClassTransform transform;
  private final AtomicBoolean changed = new AtomicBoolean();

  private MutantLoader(Class<?> changedClass, Edit edit) {
    super(changedClass.getClassLoader());
    this.changedClass = changedClass.getName();
    this.transform = edit.transform(() -> changed.set(true));
  }

  private interface Edit {
    ClassTransform transform(Runnable found);
  }

  /// Changes a class: one method no longer calls another one.
  ///
  /// @param caller method that contains the calls
  /// @param called name of the called method, without result or with a boolean one
  /// @param result replaces the boolean result of the calls
  public static MutantLoader withoutCall(
      Class<?> changedClass, String caller, String called, boolean result) {
    return new MutantLoader(
        changedClass,
        found ->
            ClassTransform.transformingMethodBodies(
                method -> method.methodName().equalsString(caller),
                (code, element) -> {
                  if (element instanceof InvokeInstruction call
                      && call.name().equalsString(called)) {
                    found.run();
                    dropArguments(code, call);
                    if (!call.typeSymbol().returnType().equals(ConstantDescs.CD_void)) {
                      code.loadConstant(result ? 1 : 0);
                    }
                  } else {
                    code.with(element);
                  }
                }));
  }

  private static void dropArguments(CodeBuilder code, InvokeInstruction call) {
    for (ClassDesc parameter : call.typeSymbol().parameterList().reversed()) {
      if (TypeKind.from(parameter).slotSize() == 2) {
        code.pop2();
      } else {
        code.pop();
      }
    }
    if (call.opcode() != Opcode.INVOKESTATIC) {
      code.pop();
    }
  }

  /// Changes a class: its methods and blocks are not synchronized.
  public static MutantLoader withoutLocks(Class<?> changedClass) {
    return new MutantLoader(
        changedClass,
        found -> {
          MethodTransform unlocked =
              (method, element) -> {
                if (element instanceof AccessFlags flags && flags.has(AccessFlag.SYNCHRONIZED)) {
                  found.run();
                  method.withFlags(flags.flagsMask() & ~AccessFlag.SYNCHRONIZED.mask());
                } else {
                  method.with(element);
                }
              };
          return ClassTransform.transformingMethods(
              unlocked.andThen(
                  MethodTransform.transformingCode(
                      (code, element) -> dropMonitor(code, element, found))));
        });
  }

  private static void dropMonitor(CodeBuilder code, CodeElement element, Runnable found) {
    if (element instanceof MonitorInstruction) {
      found.run();
      code.pop();
    } else {
      code.with(element);
    }
  }

  /// Creates an instance of a class with a default constructor. It uses the changed class, also if
  /// that is package-private.
  ///
  /// @param type type of another class loader, such as [Runnable]
  /// @throws IllegalStateException if the place of the change does not exist
  public <T> T newInstance(Class<T> type, Class<? extends T> implementation) {
    try {
      loadClass(changedClass);
      if (!changed.get()) {
        throw new IllegalStateException("no place of the change in " + changedClass);
      }
      Constructor<?> constructor = loadClass(implementation.getName()).getDeclaredConstructor();
      constructor.setAccessible(true);
      return type.cast(constructor.newInstance());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OWN_PREFIX)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? findClass(name) : loaded;
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      if (name.equals(changedClass)) {
        ClassFile classFile = ClassFile.of();
        bytes = classFile.transformClass(classFile.parse(bytes), transform);
      }
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
