package ticketing.benchmark.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// JVM options of the images.
public final class ImageOptions {

  private static final Path START = Path.of("..", "docker", "start");
  private static final Pattern COMPILERS = Pattern.compile("(?m)^compilers='(.*)'$");

  /// Options that override those of the launcher.
  public static final String TEXT = "-XX:TieredStopAtLevel=4 " + compilers();

  private ImageOptions() {}

  /// Returns the options of the compilers in the start script of the images.
  private static String compilers() {
    try {
      Matcher options = COMPILERS.matcher(Files.readString(START));
      if (!options.find()) {
        throw new IllegalStateException(START + " does not set the options of the compilers");
      }
      return options.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
