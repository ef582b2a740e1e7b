package ticketing.benchmark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ticketing.benchmark.report.Measurement.Series;

/// Mermaid `xychart-beta` of several series. The chart type has no legend, so the Markdown lists
/// the colour of each series above the chart.
///
/// Series with the same x values keep them as categories. Other series are resampled by linear
/// interpolation, because `xychart-beta` spaces the points of a line evenly.
final class MermaidChart {

  private record Colour(String name, String code) {}

  private static final List<Colour> COLOURS =
      List.of(
          new Colour("blue", "#0b6fa4"),
          new Colour("orange", "#c2410c"),
          new Colour("green", "#15803d"),
          new Colour("violet", "#7c3aed"),
          new Colour("brown", "#a16207"),
          new Colour("pink", "#be185d"),
          new Colour("grey", "#6b7280"),
          new Colour("black", "#111827"));

  private static final int RESAMPLED_POINTS = 21;

  private final String title;
  private final String xTitle;
  private final String yTitle;
  private final List<Series> series;

  /// @param series 1 to 8 series with the same axes
  MermaidChart(String title, String xTitle, String yTitle, List<Series> series) {
    if (series.isEmpty() || series.size() > COLOURS.size()) {
      throw new IllegalArgumentException("a chart has 1 to " + COLOURS.size() + " series");
    }
    this.title = title;
    this.xTitle = xTitle;
    this.yTitle = yTitle;
    this.series = List.copyOf(series);
  }

  String markdown() {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < series.size(); i++) {
      out.append("- %s: %s\n".formatted(COLOURS.get(i).name(), series.get(i).name()));
    }
    out.append("\n```mermaid\n");
    String palette =
        COLOURS.stream().limit(series.size()).map(Colour::code).collect(Collectors.joining(", "));
    out.append(
        "%%%%{init: {\"themeVariables\": {\"xyChart\": {\"plotColorPalette\": \"%s\"}}}}%%%%\n"
            .formatted(palette));
    out.append("xychart-beta\n");
    out.append("  title \"%s\"\n".formatted(title));
    boolean categories = haveSameX();
    double maxX = max(0);
    out.append(
        categories
            ? "  x-axis \"%s\" [%s]\n".formatted(xTitle, categories())
            : "  x-axis \"%s\" 0 --> %s\n".formatted(xTitle, number(maxX)));
    out.append("  y-axis \"%s\" 0 --> %s\n".formatted(yTitle, number(max(1) * 1.05)));
    for (Series each : series) {
      out.append("  line [%s]\n".formatted(join(categories ? ys(each) : resample(each, maxX))));
    }
    return out.append("```\n").toString();
  }

  private boolean haveSameX() {
    List<Double> first = xs(series.getFirst());
    return first.size() <= RESAMPLED_POINTS
        && series.stream().allMatch(each -> xs(each).equals(first));
  }

  private String categories() {
    return xs(series.getFirst()).stream()
        .map(x -> "\"" + String.format(Locale.ROOT, x == Math.rint(x) ? "%,.0f" : "%s", x) + "\"")
        .collect(Collectors.joining(", "));
  }

  private static List<Double> xs(Series series) {
    return series.points().stream().map(point -> point[0]).toList();
  }

  private static List<Double> ys(Series series) {
    return series.points().stream().map(point -> point[1]).toList();
  }

  private double max(int axis) {
    return series.stream()
        .flatMap(each -> each.points().stream())
        .mapToDouble(point -> point[axis])
        .max()
        .orElseThrow();
  }

  /// Values at evenly spaced x from 0 to the maximum of all series. The first and the last value of
  /// a series apply outside its range.
  private static List<Double> resample(Series series, double maxX) {
    List<Double> values = new ArrayList<>();
    IntStream.range(0, RESAMPLED_POINTS)
        .mapToDouble(i -> maxX * i / (RESAMPLED_POINTS - 1))
        .forEach(x -> values.add(interpolate(series.points(), x)));
    return values;
  }

  private static double interpolate(List<double[]> points, double x) {
    double[] before = points.getFirst();
    for (double[] point : points) {
      if (point[0] >= x) {
        double width = point[0] - before[0];
        return width <= 0 ? point[1] : before[1] + (point[1] - before[1]) * (x - before[0]) / width;
      }
      before = point;
    }
    return before[1];
  }

  private static String join(List<Double> values) {
    return values.stream().map(MermaidChart::number).collect(Collectors.joining(", "));
  }

  /// Three significant digits, without an exponent.
  private static String number(double value) {
    double size = Math.abs(value);
    return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
  }
}
