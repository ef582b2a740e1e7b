package ticketing.local.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AotCacheTest {

  @TempDir private Path folder;
  private Path jar;

  /// Main class of the test jar.
  static final class Greeting {
    public static void main(String[] arguments) {
      System.out.println("from " + Greeting.class.getName());
    }
  }

  @BeforeEach
  void writeJar() throws IOException {
    jar = folder.resolve("greeting.jar");
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Greeting.class.getName());
    String entry = Greeting.class.getName().replace('.', '/') + ".class";
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        var bytes = Greeting.class.getClassLoader().getResourceAsStream(entry)) {
      out.putNextEntry(new ZipEntry(entry));
      bytes.transferTo(out);
    }
  }

  @Test
  void jvmLoadsClassesFromTheCache() throws Exception {
    assertThat(AotCache.options(jar)).isEmpty();
    make();
    assertThat(AotCache.options(jar)).isNotEmpty();
    assertThat(run("-Xlog:class+load"))
        .containsPattern("Greeting source: shared objects file")
        .contains("from " + Greeting.class.getName());
  }

  @Test
  void unusableCacheIsIgnoredWithoutOutput() throws Exception {
    make();
    for (Path file : files()) {
      if (file.toString().endsWith(".aot")) {
        Files.writeString(file, "no cache");
      }
    }
    assertThat(run()).isEqualTo("from " + Greeting.class.getName() + "\n");
  }

  @Test
  void abandonedCacheLeavesNoFiles() throws Exception {
    AotCache.Making making = AotCache.make(List.of(jar));
    making.close();
    making.await();
    assertThat(AotCache.options(jar)).isEmpty();
    assertThat(files()).allMatch(file -> file.equals(jar) || file.endsWith("aot.log"));
  }

  private void make() throws InterruptedException {
    try (AotCache.Making making = AotCache.make(List.of(jar))) {
      making.await();
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }

  private String run(String... more) throws Exception {
    List<String> command = new ArrayList<>(List.of(BootJar.java().toString()));
    command.addAll(ApplicationProcess.JVM_OPTIONS);
    command.addAll(AotCache.options(jar));
    command.addAll(List.of(more));
    command.addAll(List.of("-jar", jar.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
