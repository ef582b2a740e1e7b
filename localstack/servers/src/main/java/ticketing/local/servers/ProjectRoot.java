package ticketing.local.servers;

import java.nio.file.Files;
import java.nio.file.Path;

/// Root folder of the project.
public final class ProjectRoot {

  private ProjectRoot() {}

  /// The outermost folder with a `pom.xml` that contains the working directory; without one, the
  /// working directory.
  public static Path root() {
    Path workingDirectory = Path.of("").toAbsolutePath();
    Path root = workingDirectory;
    for (Path folder = workingDirectory; folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("pom.xml"))) {
        root = folder;
      }
    }
    return root;
  }
}
