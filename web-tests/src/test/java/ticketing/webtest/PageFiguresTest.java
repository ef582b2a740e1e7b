package ticketing.webtest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.LoadState;
import com.microsoft.playwright.options.ReducedMotion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import ticketing.local.servers.ProjectRoot;

/// Measures the pages: loads on slow networks, and frames of the seat map. It checks no times. Run
/// `mvn -pl web-tests -am verify -Dtest=PageFiguresTest -Dsurefire.failIfNoSpecifiedTests=false
/// -Dticketing.figures=true`. The table is in `web-tests/target/page-figures.md`.
@ExtendWith(PagesFixture.Extension.class)
@EnabledIfSystemProperty(named = "ticketing.figures", matches = "true")
class PageFiguresTest {

  private static final int EVENTS = 112;
  private static final int RUNS = Integer.getInteger("ticketing.figures.runs", 7);

  /// Networks that Chromium emulates for each request. The round trip of a request is the latency.
  private enum Network {
    /// "Fast 3G" of the DevTools.
    DEVTOOLS(562.5, 1_440, 675),

    /// "Slow 4G" of Lighthouse, with the values of a typical fast 3G network.
    LIGHTHOUSE(150, 1_638.4, 750);

    private final double latencyMillis;
    private final double downKilobits;
    private final double upKilobits;

    Network(double latencyMillis, double downKilobits, double upKilobits) {
      this.latencyMillis = latencyMillis;
      this.downKilobits = downKilobits;
      this.upKilobits = upKilobits;
    }

    private void emulate(CDPSession session) {
      JsonObject conditions = new JsonObject();
      conditions.addProperty("offline", false);
      conditions.addProperty("latency", latencyMillis);
      conditions.addProperty("downloadThroughput", downKilobits * 1_000 / 8);
      conditions.addProperty("uploadThroughput", upKilobits * 1_000 / 8);
      session.send("Network.enable");
      session.send("Network.emulateNetworkConditions", conditions);
    }
  }

  /// Stores the time of the frame that shows the element.
  private static final String MARK_USABLE =
      """
      const selector = '%s';
      const watch = setInterval(() => {
        if (document.querySelector(selector)) {
          clearInterval(watch);
          requestAnimationFrame(() => requestAnimationFrame(() => { window.usableAt = performance.now(); }));
        }
      }, 4);
      """;

  private record Load(double usableMillis, int requests, int kilobytes) {}

  private final PagesFixture pages;
  private final List<String> lines = new ArrayList<>();

  PageFiguresTest(PagesFixture pages) {
    this.pages = pages;
  }

  @Test
  void pagesAreMeasured() throws IOException {
    for (int event = 0; event < EVENTS; event++) {
      pages.newEvent("Measured %d".formatted(event), 20, 100, "");
    }
    long event = pages.newEvent("Measured event", 20, 100, "");
    long hall = pages.newSeatedEvent("Measured hall", 50, 100);
    String[][] views = {
      {"/", ".event"},
      {"/events/" + event, "form.choice"},
      {"/events/" + hall, "canvas.seat-canvas"}
    };
    lines.add(
        "| page | network | visit | usable, ms (median of %d) | requests | KB |".formatted(RUNS));
    lines.add("|---|---|---|---|---|---|");
    for (String[] view : views) {
      for (Network network : Network.values()) {
        measure(view[0], view[1], network);
      }
    }
    lines.add("");
    measureFrames(hall);
    Path file = ProjectRoot.root().resolve("web-tests/target/page-figures.md");
    Files.write(file, lines);
    System.out.println(String.join("\n", lines));
    assertThat(file).isNotEmptyFile();
  }

  private void measure(String path, String selector, Network network) {
    List<Load> cold = new ArrayList<>();
    List<Load> warm = new ArrayList<>();
    for (int run = 0; run < RUNS; run++) {
      try (BrowserUser user = pages.newUser(DisplaySettings.KOREAN.phone())) {
        user.context.addInitScript(MARK_USABLE.formatted(selector));
        cold.add(load(user, path, network));
        warm.add(load(user, path, network));
      }
    }
    addLine(path, network, "cold", cold);
    addLine(path, network, "warm", warm);
  }

  private void addLine(String path, Network network, String visit, List<Load> loads) {
    Load median =
        loads.stream()
            .sorted((a, b) -> Double.compare(a.usableMillis(), b.usableMillis()))
            .toList()
            .get(loads.size() / 2);
    lines.add(
        "| %s | %s | %s | %.0f (%s) | %d | %d |"
            .formatted(
                path,
                network.name().toLowerCase(Locale.ROOT),
                visit,
                median.usableMillis(),
                loads.stream()
                    .mapToDouble(Load::usableMillis)
                    .sorted()
                    .mapToObj("%.0f"::formatted)
                    .collect(Collectors.joining(", ")),
                median.requests(),
                median.kilobytes()));
  }

  private Load load(BrowserUser user, String path, Network network) {
    user.reopen("/livez"); // a page of the origin without scripts
    CDPSession session = user.context.newCDPSession(user.page());
    network.emulate(session);
    user.open(path);
    user.page().waitForFunction("() => window.usableAt");
    double usable = ((Number) user.page().evaluate("window.usableAt")).doubleValue();
    Map<?, ?> transferred =
        (Map<?, ?>)
            user.page()
                .evaluate(
                    """
                    usableAt => {
                      const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
                        .filter(entry => entry.startTime < usableAt && entry.transferSize > 0);
                      return {count: all.length, bytes: all.reduce((sum, entry) => sum + entry.transferSize, 0)};
                    }\
                    """,
                    usable);
    user.page().waitForLoadState(LoadState.NETWORKIDLE);
    session.detach();
    return new Load(
        usable,
        ((Number) transferred.get("count")).intValue(),
        ((Number) transferred.get("bytes")).intValue() / 1_000);
  }

  /// Pans by drags and zooms by the wheel. The times are processor times of the main thread.
  private void measureFrames(long hall) {
    lines.add(
        "| seat map of 10,000 seats | frames | over 16.7 ms | main thread, ms a frame | script | longest task, ms |");
    lines.add("|---|---|---|---|---|---|");
    for (DisplaySettings settings :
        List.of(DisplaySettings.ENGLISH, DisplaySettings.KOREAN.phone())) {
      try (BrowserUser user = pages.newUser(settings)) {
        user.page()
            .emulateMedia(
                new Page.EmulateMediaOptions().setReducedMotion(ReducedMotion.NO_PREFERENCE));
        user.open("/events/" + hall);
        BoundingBox box = user.page().locator("canvas.seat-canvas").boundingBox();
        user.page().waitForTimeout(1_500);
        CDPSession session = user.context.newCDPSession(user.page());
        JsonObject domain = new JsonObject();
        domain.addProperty("timeDomain", "threadTicks");
        session.send("Performance.enable", domain);
        double x = box.x + box.width / 2;
        double y = box.y + box.height / 2;
        for (String gesture : List.of("pan", "zoom", "pan of the zoomed map")) {
          user.page()
              .evaluate(
                  """
                  () => {
                    window.frames_ = [];
                    window.tasks_ = [0];
                    window.observer_?.disconnect();
                    window.observer_ = new PerformanceObserver(list => list.getEntries().forEach(task => tasks_.push(task.duration)));
                    observer_.observe({type: 'longtask'});
                    let last = performance.now();
                    window.counting_ = true;
                    const step = now => {
                      frames_.push(now - last);
                      last = now;
                      if (counting_) {
                        requestAnimationFrame(step);
                      }
                    };
                    requestAnimationFrame(step);
                  }\
                  """);
          Map<String, Double> before = metrics(session);
          if (gesture.equals("zoom")) {
            for (int i = 0; i < 120; i++) {
              user.page().mouse().move(x, y);
              user.page().mouse().wheel(0, i < 80 ? -30 : 30);
            }
          } else {
            user.page().mouse().move(x, y);
            user.page().mouse().down();
            for (int i = 0; i < 120; i++) {
              user.page().mouse().move(x + 150 * Math.sin(i / 12.0), y + 100 * Math.sin(i / 9.0));
            }
            user.page().mouse().up();
          }
          Map<String, Double> after = metrics(session);
          user.page().evaluate("counting_ = false");
          List<Double> frames =
              ((List<?>) user.page().evaluate("frames_"))
                  .stream().map(each -> ((Number) each).doubleValue()).toList();
          double longest = ((Number) user.page().evaluate("Math.max(...tasks_)")).doubleValue();
          lines.add(
              "| %s, %d px | %d | %d | %.1f | %.1f | %.0f |"
                  .formatted(
                      gesture,
                      settings.width(),
                      frames.size(),
                      frames.stream().filter(millis -> millis > 17.5).count(),
                      1_000 * difference(before, after, "TaskDuration") / frames.size(),
                      1_000 * difference(before, after, "ScriptDuration") / frames.size(),
                      longest));
        }
      }
    }
  }

  private static double difference(
      Map<String, Double> before, Map<String, Double> after, String name) {
    return after.get(name) - before.get(name);
  }

  private static Map<String, Double> metrics(CDPSession session) {
    return session.send("Performance.getMetrics").getAsJsonArray("metrics").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .collect(
            Collectors.toMap(
                metric -> metric.get("name").getAsString(),
                metric -> metric.get("value").getAsDouble()));
  }
}
