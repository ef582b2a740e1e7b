package ticketing.webtest;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ReducedMotion;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import ticketing.local.servers.ProjectRoot;

/// A user with a separate browser context. `close` fails if a page violated its
/// Content-Security-Policy or threw an uncaught error.
final class BrowserUser implements AutoCloseable {

  private static final double TIMEOUT_MILLIS = 30_000; // for a busy machine

  private static final Path SCREENSHOTS =
      ProjectRoot.root().resolve(System.getProperty("ticketing.images", "web-tests/target/images"));

  /// Script that reports violations, because the console message lacks the violated directive.
  private static final String REPORT_VIOLATIONS =
      """
      addEventListener('securitypolicyviolation', event =>
        console.error('Content-Security-Policy: ' + event.violatedDirective + ' ' + event.blockedURI));
      """;

  final Translations texts;
  final BrowserContext context;
  private final URI url;
  private final List<String> pageErrors = new CopyOnWriteArrayList<>();
  private Page page;

  BrowserUser(Browser browser, URI url, DisplaySettings settings) {
    this.url = url;
    this.texts = Translations.of(settings);
    this.context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setLocale(settings.language())
                .setTimezoneId(settings.timeZone())
                .setColorScheme(settings.colours())
                .setReducedMotion(ReducedMotion.REDUCE)
                .setViewportSize(settings.width(), settings.height())
                .setHasTouch(settings.isPhone())
                .setDeviceScaleFactor(settings.isPhone() ? 2 : 1));
    context.setDefaultTimeout(TIMEOUT_MILLIS);
    context.setDefaultNavigationTimeout(TIMEOUT_MILLIS);
    context.addInitScript(REPORT_VIOLATIONS);
    context.onConsoleMessage(message -> {
      if (message.type().equals("error") && message.text().contains("Content-Security-Policy")) {
        pageErrors.add(message.text());
      }
    });
    context.onWebError(error -> pageErrors.add(error.error()));
    this.page = context.newPage();
  }

  Page page() {
    return page;
  }

  List<String> pageErrors() {
    return pageErrors;
  }

  BrowserUser open(String path) {
    page.navigate(url.resolve("/") + path.substring(1));
    return this;
  }

  /// Closes the page and opens a new one with the same storage.
  BrowserUser reopen(String path) {
    page.close();
    page = context.newPage();
    return open(path);
  }

  /// Signs up with the keyboard only.
  BrowserUser signUp(String email) {
    open("/#/sign-up");
    page.getByLabel(texts.of("field.name")).fill("Kim Min-ji");
    page.getByLabel(texts.of("field.email")).fill(email);
    page.getByLabel(texts.of("field.password"), new Page.GetByLabelOptions().setExact(true))
        .fill(PagesFixture.PASSWORD);
    page.keyboard().press("Enter");
    seesHeading("events.title");
    return this;
  }

  BrowserUser signIn(String path, String email) {
    open(path);
    page.getByLabel(texts.of("field.email")).fill(email);
    page.getByLabel(texts.of("field.password"), new Page.GetByLabelOptions().setExact(true))
        .fill(PagesFixture.PASSWORD);
    page.keyboard().press("Enter");
    // The operations page has no menu.
    assertThat(button("menu.label").or(button("nav.signOut")).first()).isVisible(visibleTimeout());
    return this;
  }

  /// Books, and confirms the review of the price.
  void book() {
    button("book.action").click();
    page.locator("#review-yes").click();
  }

  /// Writes a screenshot to `target/images`; `-Dticketing.images=docs/images` updates the README.
  void takeScreenshot(String name) {
    Path file = SCREENSHOTS.resolve(name + ".png");
    page.screenshot(new Page.ScreenshotOptions().setPath(file));
    assertThat(file).isNotEmptyFile();
  }

  void press(String... keys) {
    for (String key : keys) {
      page.keyboard().press(key);
    }
  }

  Locator button(String key) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(texts.of(key)).setExact(true));
  }

  Locator link(String key) {
    return page.getByRole(
        AriaRole.LINK, new Page.GetByRoleOptions().setName(texts.of(key)).setExact(true));
  }

  /// Blocks until the page shows an element with exactly this text. Answers the requests of a path
  /// with a problem, in place of the server.
  void answerWithProblem(String path, int status, String code) {
    page.route(path, route -> route.fulfill(problem(status, code)));
  }

  static Route.FulfillOptions problem(int status, String code) {
    return new Route.FulfillOptions()
        .setStatus(status)
        .setContentType("application/problem+json")
        .setBody("{\"code\":\"%s\"}".formatted(code));
  }

  void seesText(String key, String... values) {
    seesText(page.getByText(texts.of(key, values), new Page.GetByTextOptions().setExact(true)));
  }

  /// Blocks until the page shows an element that contains this text.
  void seesTextContaining(String text) {
    seesText(page.getByText(text));
  }

  private static void seesText(Locator any) {
    assertThat(any.filter(new Locator.FilterOptions().setVisible(true)).first())
        .isVisible(visibleTimeout());
  }

  void seesHeading(String key) {
    seesTitle(texts.of(key));
  }

  void seesTitle(String title) {
    assertThat(
            page.getByRole(
                AriaRole.HEADING,
                new Page.GetByRoleOptions().setName(title).setExact(true).setLevel(1)))
        .isVisible(visibleTimeout());
  }

  static LocatorAssertions.IsVisibleOptions visibleTimeout() {
    return new LocatorAssertions.IsVisibleOptions().setTimeout(TIMEOUT_MILLIS);
  }

  static LocatorAssertions.HasAttributeOptions attributeTimeout() {
    return new LocatorAssertions.HasAttributeOptions().setTimeout(TIMEOUT_MILLIS);
  }

  static LocatorAssertions.ContainsTextOptions textTimeout() {
    return new LocatorAssertions.ContainsTextOptions().setTimeout(TIMEOUT_MILLIS);
  }

  @Override
  public void close() {
    context.close();
    assertThat(pageErrors).isEmpty();
  }
}
