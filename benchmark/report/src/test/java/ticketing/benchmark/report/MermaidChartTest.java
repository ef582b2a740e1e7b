package ticketing.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import ticketing.benchmark.report.Measurement.Series;

class MermaidChartTest {

  private static Series series(String name, double[]... points) {
    return new Series(name, "x", "ms", List.of(points));
  }

  @Test
  void equalXValuesAreCategories() {
    MermaidChart chart =
        new MermaidChart(
            "title",
            "x",
            "ms",
            List.of(
                series("one", new double[] {50, 1}, new double[] {99.9, 20}),
                series("two", new double[] {50, 2}, new double[] {99.9, 400})));

    assertThat(chart.markdown())
        .isEqualTo(
            """
            - blue: one
            - orange: two

            ```mermaid
            %%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#0b6fa4, #c2410c"}}}}%%
            xychart-beta
              title "title"
              x-axis "x" ["50", "99.9"]
              y-axis "ms" 0 --> 420
              line [1.00, 20.0]
              line [2.00, 400]
            ```
            """);
  }

  @Test
  void differentXValuesAreResampledEvenly() {
    MermaidChart chart =
        new MermaidChart(
            "title",
            "x",
            "ms",
            List.of(
                series("short", new double[] {0, 100}, new double[] {10, 0}),
                series("long", new double[] {0, 0}, new double[] {20, 40})));

    assertThat(chart.markdown())
        .contains("x-axis \"x\" 0 --> 20.0")
        .contains("line [100, 90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0, 20.0, 10.0, 0.00, 0.00,")
        .contains("line [0.00, 2.00, 4.00, 6.00, 8.00, 10.0, 12.0,");
  }

  @Test
  void chartWithoutSeriesIsRefused() {
    assertThatThrownBy(() -> new MermaidChart("title", "x", "ms", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
