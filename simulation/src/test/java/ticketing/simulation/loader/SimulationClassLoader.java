package ticketing.simulation.loader;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.net.URL;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Loads the production code with redirected calls, see [Redirects], and with the code of the
/// mutants, see [Mutant]. Types that both sides of the loader share are in this package.
public final class SimulationClassLoader extends ClassLoader {

  private static final List<String> OWN_PREFIXES =
      List.of(
          "ticketing.",
          "io.github.resilience4j.",
          "org.springframework.jdbc.",
          "org.springframework.transaction.");
  private static final String SHARED_PREFIX = "ticketing.simulation.loader.";

  private final ClassFile classFile;

  static {
    registerAsParallelCapable();
  }

  public SimulationClassLoader() {
    super(SimulationClassLoader.class.getClassLoader());
    this.classFile =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(getParent())));
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (name.startsWith(SHARED_PREFIX) || OWN_PREFIXES.stream().noneMatch(name::startsWith)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? findClass(name) : loaded;
    }
  }

  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    String path = name.replace('.', '/') + ".class";
    try (InputStream in = getParent().getResourceAsStream(path)) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = transform(name, in.readAllBytes());
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] transform(String name, byte[] bytes) {
    if (name.startsWith("ticketing.simulation.")) {
      return bytes;
    }
    ClassModel model = classFile.parse(bytes);
    ClassTransform redirects = ClassTransform.transformingMethodBodies(Redirects.TRANSFORM);
    byte[] redirected = classFile.transformClass(model, redirects);
    return Mutant.addAll(classFile, name, redirected);
  }

  @Override
  public @Nullable URL getResource(String name) {
    return getParent().getResource(name);
  }
}
