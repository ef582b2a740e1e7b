package ticketing.local.servers;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where the project lies on this machine.
public final class ProjectRoot {

  private ProjectRoot() {}

  /// The outermost folder with a `pom.xml` around the working directory, or else the working
  /// directory.
  public static Path root() {
    Path here = Path.of("").toAbsolutePath();
    Path root = here;
    for (Path folder = here; folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("pom.xml"))) {
        root = folder;
      }
    }
    return root;
  }
}
