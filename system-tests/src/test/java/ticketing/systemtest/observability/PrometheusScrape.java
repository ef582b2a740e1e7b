package ticketing.systemtest.observability;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Metrics of all processes by name, from their Prometheus endpoints.
final class PrometheusScrape {

  private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z0-9_:]+)(?:\\{(.*)})? \\S+");
  private static final Pattern LABEL = Pattern.compile("([a-zA-Z0-9_]+)=\"([^\"]*)\"");

  /// @param labels values seen of each label, without `application` and `le`
  record Metric(String type, String help, Set<String> processes, Map<String, Set<String>> labels) {}

  private final Map<String, Metric> metrics = new TreeMap<>();

  Map<String, Metric> metrics() {
    return metrics;
  }

  /// @param process name of the process.
  /// @param text response in the Prometheus text format.
  void add(String process, String text) {
    Map<String, String> help = new TreeMap<>();
    Set<String> here = new HashSet<>();
    for (String line : text.lines().toList()) {
      String[] words = line.split(" ", 4);
      if (line.startsWith("# HELP ")) {
        help.put(words[2], words.length > 3 ? words[3] : "");
      } else if (line.startsWith("# TYPE ")) {
        here.add(words[2]);
        metrics
            .computeIfAbsent(
                words[2],
                name ->
                    new Metric(
                        words[3], help.getOrDefault(name, ""), new TreeSet<>(), new TreeMap<>()))
            .processes()
            .add(process);
      } else {
        addSample(line, here);
      }
    }
  }

  private void addSample(String line, Set<String> families) {
    Matcher sample = SAMPLE.matcher(line);
    if (!sample.matches()) {
      throw new IllegalArgumentException("not a sample: " + line);
    }
    String family = family(sample.group(1), families);
    if (sample.group(2) == null) {
      return;
    }
    Matcher label = LABEL.matcher(sample.group(2));
    while (label.find()) {
      if (!Set.of("application", "le").contains(label.group(1))) {
        metrics
            .get(family)
            .labels()
            .computeIfAbsent(label.group(1), name -> new TreeSet<>())
            .add(label.group(2));
      }
    }
  }

  /// @return name of the metric; samples of a histogram have suffixes
  static String family(String sample, Set<String> families) {
    return families.contains(sample) ? sample : sample.replaceFirst("_(bucket|count|sum)$", "");
  }
}
