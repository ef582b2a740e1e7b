package ticketing.webtest;

import com.microsoft.playwright.options.ColorScheme;

/// Language, color scheme, window size and time zone of a browser.
record DisplaySettings(
    String language, ColorScheme colours, int width, int height, String timeZone) {

  private static final String SEOUL = "Asia/Seoul";

  static final DisplaySettings ENGLISH =
      new DisplaySettings("en-US", ColorScheme.LIGHT, 1280, 900, SEOUL);
  static final DisplaySettings KOREAN =
      new DisplaySettings("ko-KR", ColorScheme.LIGHT, 1280, 900, SEOUL);

  DisplaySettings dark() {
    return new DisplaySettings(language, ColorScheme.DARK, width, height, timeZone);
  }

  DisplaySettings phone() {
    return new DisplaySettings(language, colours, 390, 844, timeZone);
  }

  /// Smallest width at which WCAG requires a page without horizontal scrolling (criterion 1.4.10).
  DisplaySettings smallPhone() {
    return new DisplaySettings(language, colours, 320, 568, timeZone);
  }

  DisplaySettings in(String zone) {
    return new DisplaySettings(language, colours, width, height, zone);
  }

  boolean isPhone() {
    return width < 600;
  }
}
