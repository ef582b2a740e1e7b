package ticketing.benchmark.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import ticketing.local.servers.ProjectRoot;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Result of one part of `mvn -Pbenchmark`, written as JSON. [ResultsPage] generates its tables and
/// charts from these files.
///
/// @param name name of the file without extension, such as `worker-core`
/// @param command command that repeats the measurement
/// @param rows figures, each with its baseline of the same run
/// @param series curves; one chart contains all series of a result with the same axes
public record Measurement(
    String name, String command, Conditions conditions, List<Row> rows, List<Series> series) {

  /// Conditions of a measurement.
  ///
  /// @param commit short id of the measured commit, with `+` if the working tree had changes
  public record Conditions(int cores, String java, String date, String commit) {

    /// Returns the conditions of this process.
    public static Conditions current() {
      return new Conditions(
          Runtime.getRuntime().availableProcessors(),
          System.getProperty("java.vendor") + " " + Runtime.version(),
          LocalDate.now(ZoneOffset.UTC).toString(),
          Measurement.commit());
    }
  }

  /// One figure.
  ///
  /// @param baseline name of the baseline; null if there is none
  /// @param baselineValue value of the baseline in the same unit; null without a baseline
  /// @param ratio value / baselineValue; null without a baseline
  /// @param target text of the target, such as `>= 25`; null if there is none
  /// @param met true if the target is met; null without a target
  /// @param note additional values as text, or null
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Row(
      String figure,
      double value,
      String unit,
      String baseline,
      Double baselineValue,
      Double ratio,
      String target,
      Boolean met,
      String note) {

    /// Creates a row without baseline, target and note.
    public static Row of(String figure, double value, String unit) {
      return new Row(figure, rounded(value), unit, null, null, null, null, null, null);
    }

    /// @param baselineValue value in the same unit, from the same run
    public Row withBaseline(String baseline, double baselineValue) {
      return new Row(
          figure,
          value,
          unit,
          baseline,
          rounded(baselineValue),
          rounded(value / baselineValue),
          target,
          met,
          note);
    }

    /// Sets a minimum of the ratio as the target.
    public Row withMinRatio(double min) {
      return withTarget("ratio >= " + text(min), ratio >= min);
    }

    /// Sets a maximum of the ratio as the target.
    public Row withMaxRatio(double max) {
      return withTarget("ratio <= " + text(max), ratio <= max);
    }

    /// Sets a minimum of the value as the target.
    public Row withMin(double min) {
      return withTarget(">= " + text(min) + " " + unit, value >= min);
    }

    /// Sets a maximum of the value as the target.
    public Row withMax(double max) {
      return withTarget("<= " + text(max) + " " + unit, value <= max);
    }

    private Row withTarget(String target, boolean met) {
      return new Row(figure, value, unit, baseline, baselineValue, ratio, target, met, note);
    }

    public Row withNote(String note) {
      return new Row(figure, value, unit, baseline, baselineValue, ratio, target, met, note);
    }
  }

  /// One curve.
  ///
  /// @param x title of the horizontal axis, with its unit; null: seconds
  /// @param unit title of the vertical axis
  /// @param points pairs of x and y in ascending order of x, without negative values
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Series(String name, String x, String unit, List<double[]> points) {}

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private static final MathContext FOUR_DIGITS = new MathContext(4, RoundingMode.HALF_UP);

  public Measurement {
    rows = List.copyOf(rows);
    series = series == null ? List.of() : List.copyOf(series);
  }

  /// True if `-Dbenchmark.parts=` contains the part or `all`, or is not set.
  public static boolean isSelected(String part) {
    List<String> parts =
        Arrays.asList(System.getProperty("benchmark.parts", "all").strip().split("\\s*,\\s*"));
    return parts.contains("all") || parts.contains(part);
  }

  /// Creates an empty result with the conditions of this process.
  public static Measurement of(String name, String command) {
    return new Measurement(name, command, Conditions.current(), List.of(), List.of());
  }

  public Measurement with(Row added) {
    List<Row> more = new ArrayList<>(rows);
    more.add(added);
    return new Measurement(name, command, conditions, more, series);
  }

  public Measurement with(Series added) {
    List<Series> more = new ArrayList<>(series);
    more.add(added);
    return new Measurement(name, command, conditions, rows, more);
  }

  /// Writes `<name>.json`, and replaces an existing file.
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(name + ".json"), JSON.writeValueAsString(this) + "\n");
  }

  public static Measurement read(Path file) throws IOException {
    return JSON.readValue(Files.readString(file), Measurement.class);
  }

  /// Rounds to four significant digits, the precision of a measurement.
  private static double rounded(double value) {
    return Double.isFinite(value) ? new BigDecimal(value).round(FOUR_DIGITS).doubleValue() : value;
  }

  private static String text(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  private static String commit() {
    String commit = git("rev-parse", "--short", "HEAD");
    // A run writes its results below docs/, which does not change the measured code.
    return git("status", "--porcelain", "--", ":!docs").isEmpty() ? commit : commit + "+";
  }

  private static String git(String... arguments) {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    try {
      Process git =
          new ProcessBuilder(command)
              .directory(ProjectRoot.root().toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String output =
          new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 ? output : "unknown";
    } catch (IOException e) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
