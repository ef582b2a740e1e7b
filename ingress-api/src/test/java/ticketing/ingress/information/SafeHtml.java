package ticketing.ingress.information;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads HTML by its tags, and accepts only those of formatted text.
final class SafeHtml {

  private static final Pattern TAG = Pattern.compile("<(/?)([^\\s>/]+)([^>]*)>");
  private static final Pattern ATTRIBUTE = Pattern.compile("\\s+([^\\s=]+)=\"([^\"]*)\"|\\s+/?");
  private static final Set<String> TAGS =
      Set.of(
          "p",
          "h3",
          "h4",
          "h5",
          "h6",
          "strong",
          "em",
          "ul",
          "ol",
          "li",
          "blockquote",
          "code",
          "pre",
          "a",
          "br",
          "hr");

  private SafeHtml() {}

  static void check(String html) {
    String rest = TAG.matcher(html).replaceAll("");
    assertThat(rest).as(html).doesNotContain("<", ">");
    Matcher tags = TAG.matcher(html);
    while (tags.find()) {
      assertThat(TAGS).as(html).contains(tags.group(2));
      Matcher attribute = ATTRIBUTE.matcher(tags.group(3));
      int end = 0;
      while (attribute.lookingAt() || attribute.find() && attribute.start() == end) {
        end = attribute.end();
        checkAttribute(html, attribute.group(1), attribute.group(2));
        attribute.region(end, tags.group(3).length());
      }
      assertThat(end).as(html).isEqualTo(tags.group(3).length());
    }
  }

  private static void checkAttribute(String html, String name, String value) {
    if (name == null) {
      return;
    }
    switch (name) {
      case "href" -> assertThat(value).as(html).matches("(?:https?|mailto):[^\\s<>]*");
      case "rel" -> assertThat(value).as(html).isEqualTo("noopener nofollow");
      case "target" -> assertThat(value).as(html).isEqualTo("_blank");
      // The language of a code block, and the title of a link: both are only text.
      case "class" -> assertThat(value).as(html).startsWith("language-");
      case "start" -> assertThat(value).as(html).matches("[0-9]+");
      default -> assertThat(name).as(html).isEqualTo("title");
    }
  }
}
