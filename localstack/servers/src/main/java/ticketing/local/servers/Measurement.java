package ticketing.local.servers;

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
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// What one part of `mvn -Pbenchmark` found: the one form in which every module writes its figures,
/// and from which the report makes its table and its plots.
///
/// @param name of the part and of its file, such as `worker-core`
/// @param command that repeats it
/// @param rows figures, each beside its baseline of the same run
/// @param series curves; those of one file with the same axes are drawn into one plot
public record Measurement(
    String name, String command, Conditions conditions, List<Row> rows, List<Series> series) {

  /// @param commit of the checkout, short; with `+` if there were changes on top
  public record Conditions(int cores, String java, String date, String commit) {}

  /// @param baseline null if there is nothing to compare with
  /// @param baselineValue in the same unit; null without a baseline
  /// @param ratio value / baselineValue; null without a baseline
  /// @param target in words, such as `>= 25`; null if none was set
  /// @param met null if no target was set
  /// @param note null, or a few words
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

    /// A figure that stands alone.
    public static Row of(String figure, double value, String unit) {
      return new Row(figure, rounded(value), unit, null, null, null, null, null, null);
    }

    /// @param baselineValue in the same unit, from the same run
    public Row beside(String baseline, double baselineValue) {
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

    /// A target for the ratio to the baseline.
    public Row ratioAtLeast(double wanted) {
      return wanted("ratio >= " + text(wanted), ratio >= wanted);
    }

    public Row atMost(double wanted) {
      return wanted("<= " + text(wanted) + " " + unit, value <= wanted);
    }

    public Row wanted(String target, boolean met) {
      return new Row(figure, value, unit, baseline, baselineValue, ratio, target, met, note);
    }

    public Row noting(String note) {
      return new Row(figure, value, unit, baseline, baselineValue, ratio, target, met, note);
    }
  }

  /// @param x the horizontal axis and its unit; null: seconds
  /// @param unit of the vertical axis
  /// @param points pairs of x and y, neither negative
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

  /// Whether a part is among those that `-Dbenchmark.parts=` names; without it all are.
  public static boolean isChosen(String part) {
    List<String> parts =
        Arrays.asList(System.getProperty("benchmark.parts", "all").strip().split("\\s*,\\s*"));
    return parts.contains("all") || parts.contains(part);
  }

  /// Nothing measured yet, under the conditions that are now.
  public static Measurement of(String name, String command) {
    Conditions here =
        new Conditions(
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("java.vendor") + " " + Runtime.version(),
            LocalDate.now(ZoneOffset.UTC).toString(),
            commit());
    return new Measurement(name, command, here, List.of(), List.of());
  }

  public Measurement with(Row row) {
    List<Row> more = new ArrayList<>(rows);
    more.add(row);
    return new Measurement(name, command, conditions, more, series);
  }

  public Measurement with(Series one) {
    List<Series> more = new ArrayList<>(series);
    more.add(one);
    return new Measurement(name, command, conditions, rows, more);
  }

  /// Writes `<name>.json` in place of an earlier one.
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(name + ".json"), JSON.writeValueAsString(this) + "\n");
  }

  public static Measurement read(Path file) throws IOException {
    return JSON.readValue(Files.readString(file), Measurement.class);
  }

  /// To four digits: more of them is noise.
  private static double rounded(double value) {
    return Double.isFinite(value) ? new BigDecimal(value).round(FOUR_DIGITS).doubleValue() : value;
  }

  private static String text(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  private static String commit() {
    String commit = git("rev-parse", "--short", "HEAD");
    // A run writes its own figures into the checkout; those are not a change of what is measured.
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
      String out = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 ? out : "unknown";
    } catch (IOException e) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
