package ticketing.ingress.page;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import tools.jackson.core.type.TypeReference;

/// Scripts, styles and texts of the pages. Their address contains a hash of all of them, so
/// browsers and shared caches keep them without a revalidation. Relative imports stay in the same
/// folder.
@Component
class PageFiles {

  static final String FOLDER = "/app/";

  /// Hash of the address, in hexadecimal digits.
  private static final int HASH_BYTES = 8;

  private static final Pattern IMPORT =
      Pattern.compile("^(?:import|export) [^;]*?from '\\./([a-z0-9]+\\.js)';", Pattern.MULTILINE);

  private final Map<String, byte[]> contents = new TreeMap<>();
  private final String path;

  PageFiles() {
    try {
      Resource[] found =
          new PathMatchingResourcePatternResolver().getResources("classpath:/static/app/*.*");
      Arrays.sort(found, Comparator.comparing(Resource::getFilename));
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Resource file : found) {
        byte[] content = file.getContentAsByteArray();
        contents.put(file.getFilename(), content);
        digest.update((file.getFilename() + '\n' + content.length + '\n').getBytes());
        digest.update(content);
      }
      byte[] hash = Arrays.copyOf(digest.digest(), HASH_BYTES);
      this.path = FOLDER + HexFormat.of().formatHex(hash);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Path of the folder with the hash, without a trailing slash.
  String path() {
    return path;
  }

  /// Returns the scripts and all that they import statically. The largest are first: a browser with
  /// few connections then ends with short responses.
  List<String> modules(List<String> scripts) {
    Set<String> found = new LinkedHashSet<>(scripts);
    Deque<String> open = new ArrayDeque<>(found);
    while (!open.isEmpty()) {
      IMPORT
          .matcher(text(open.remove()))
          .results()
          .map(match -> match.group(1))
          .filter(found::add)
          .forEach(open::add);
    }
    return found.stream()
        .sorted(Comparator.comparingInt((String name) -> contents.get(name).length).reversed())
        .toList();
  }

  /// Texts of a language by their keys.
  Map<String, String> texts(String language) {
    return Json.INTERNAL.readValue(
        text(language + ".json"), new TypeReference<Map<String, String>>() {});
  }

  private String text(String name) {
    byte[] content = contents.get(name);
    if (content == null) {
      throw new IllegalStateException("there is no file " + name);
    }
    return new String(content, StandardCharsets.UTF_8);
  }
}
