package ticketing.benchmark.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A line chart as SVG text: the same input gives the same bytes on every machine, which a chart
/// that asks the system for its fonts does not.
public final class Plot {

  private static final int WIDTH = 860;
  private static final int HEIGHT = 420;
  private static final int LEFT = 80;
  private static final int RIGHT = 20;
  private static final int TOP = 40;
  private static final int BOTTOM = 50;
  private static final int TICKS = 5;
  private static final int LEGEND_LINE = 18;
  private static final List<String> COLOURS =
      List.of("#0b6fa4", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d");

  private record Curve(String name, List<double[]> points) {}

  private final String title;
  private final String horizontal;
  private final String vertical;
  private final List<Curve> curves = new ArrayList<>();

  public Plot(String title, String horizontal, String vertical) {
    this.title = title;
    this.horizontal = horizontal;
    this.vertical = vertical;
  }

  /// @param points pairs of x and y, neither negative
  public Plot curve(String name, List<double[]> points) {
    curves.add(new Curve(name, List.copyOf(points)));
    return this;
  }

  public String svg() {
    double right = roundUp(most(0));
    double top = roundUp(most(1));
    StringBuilder out = new StringBuilder();
    line(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
            + " font-size=\"13\">",
        WIDTH,
        HEIGHT);
    line(out, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, HEIGHT);
    line(out, "<text x=\"%d\" y=\"24\" font-size=\"15\">%s</text>", LEFT, escaped(title));
    for (int tick = 0; tick <= TICKS; tick++) {
      double share = (double) tick / TICKS;
      double x = LEFT + share * (WIDTH - LEFT - RIGHT);
      double y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
      line(out, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>", LEFT, y, WIDTH - RIGHT);
      line(
          out,
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
          LEFT - 8,
          y + 4,
          number(share * top));
      line(
          out,
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          x,
          HEIGHT - BOTTOM + 18,
          number(share * right));
    }
    line(
        out,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
        (LEFT + WIDTH - RIGHT) / 2,
        HEIGHT - 10,
        escaped(horizontal));
    line(
        out,
        "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
        (TOP + HEIGHT - BOTTOM) / 2,
        escaped(vertical));
    for (int number = 0; number < curves.size(); number++) {
      draw(out, curves.get(number), number, right, top);
    }
    return out.append("</svg>\n").toString();
  }

  private static void draw(StringBuilder out, Curve curve, int number, double right, double top) {
    String colour = COLOURS.get(number % COLOURS.size());
    out.append("<polyline fill=\"none\" stroke=\"").append(colour).append("\" stroke-width=\"2\"");
    out.append(" points=\"");
    for (double[] point : curve.points()) {
      out.append(
          String.format(
              Locale.ROOT,
              "%.1f,%.1f ",
              LEFT + point[0] / right * (WIDTH - LEFT - RIGHT),
              HEIGHT - BOTTOM - point[1] / top * (HEIGHT - TOP - BOTTOM)));
    }
    out.append("\"/>\n");
    int y = TOP + 16 + number * LEGEND_LINE;
    int x = WIDTH - RIGHT - 250;
    line(out, "<path d=\"M%d %dh24\" stroke=\"%s\" stroke-width=\"3\"/>", x, y - 4, colour);
    line(out, "<text x=\"%d\" y=\"%d\">%s</text>", x + 32, y, escaped(curve.name()));
  }

  private double most(int axis) {
    return curves.stream()
        .flatMap(curve -> curve.points().stream())
        .mapToDouble(point -> point[axis])
        .max()
        .orElse(1);
  }

  /// To one, two, three, five or ten times a power of ten, so that the ticks are round.
  private static double roundUp(double value) {
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(1, value))));
    for (double step : new double[] {1, 1.5, 2, 3, 5, 10}) {
      if (value <= step * power) {
        return step * power;
      }
    }
    return 10 * power;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }

  private static void line(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
