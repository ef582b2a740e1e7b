package ticketing.systemtest.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Clocks of the applications, each with its own deviation from the machine's clock. The library
/// [libfaketime](https://github.com/wolfcw/libfaketime) changes the time that a process reads. It
/// reads the deviation from a file once a second. Monotonic time stays unchanged.
final class ProcessClocks {

  private final Path library;
  private final Path folder;

  private ProcessClocks(Path library, Path folder) {
    this.library = library;
    this.folder = folder;
  }

  /// @param folder folder of the files
  /// @return empty without the library; Debian's package is `libfaketime`
  static Optional<ProcessClocks> in(Path folder) {
    return Stream.of("x86_64-linux-gnu", "aarch64-linux-gnu")
        .map(machine -> Path.of("/usr/lib", machine, "faketime/libfaketimeMT.so.1"))
        .filter(Files::isReadable)
        .findFirst()
        .map(library -> new ProcessClocks(library, folder));
  }

  /// Environment variables of an application whose clock may be changed.
  Map<String, String> environment(String application) {
    change(application, Duration.ZERO);
    return Map.of(
        "LD_PRELOAD",
        library.toString(),
        "FAKETIME_TIMESTAMP_FILE",
        file(application).toString(),
        "FAKETIME_CACHE_DURATION",
        "1",
        "FAKETIME_DONT_FAKE_MONOTONIC",
        "1",
        // The fix for older C libraries ends timed waits of the JVM immediately.
        "FAKETIME_FORCE_MONOTONIC_FIX",
        "0");
  }

  /// Changes the clock of an application, within about a second.
  void change(String application, Duration deviation) {
    try {
      Files.createDirectories(folder);
      Path written = Files.createTempFile(folder, application, ".tmp");
      Files.writeString(written, "%+d".formatted(deviation.toSeconds()));
      // The process must not read a part of the text.
      Files.move(written, file(application), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file(String application) {
    return folder.resolve(application + ".clock");
  }
}
