package ticketing.ingress.information;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.DefaultUrlSanitizer;
import org.commonmark.renderer.html.HtmlRenderer;

/// Renders Markdown (CommonMark) as safe HTML.
///
/// HTML in the source is shown as text. Links have only the schemes `http`, `https` and `mailto`;
/// another link is rendered as its text. An image is rendered as its text, because a page loads
/// images only from its own origin. The nesting is bounded, so that no source exhausts the stack.
final class MarkdownRenderer {

  /// Level of the highest heading. The page has the levels above.
  private static final int HIGHEST_HEADING = 3;

  private static final int LOWEST_HEADING = 6;
  private static final int MAX_NESTING = 20;
  private static final Set<String> SCHEMES = Set.of("http", "https", "mailto");

  private static final Parser PARSER =
      Parser.builder().maxOpenBlockParsers(MAX_NESTING).maxInlineNesting(MAX_NESTING).build();

  private static final HtmlRenderer RENDERER =
      HtmlRenderer.builder()
          .escapeHtml(true)
          .sanitizeUrls(true)
          .urlSanitizer(new DefaultUrlSanitizer(SCHEMES))
          .attributeProviderFactory(context -> MarkdownRenderer::addRelation)
          .build();

  private MarkdownRenderer() {}

  static String html(String markdown) {
    Node document = PARSER.parse(markdown);
    document.accept(new Restriction());
    return RENDERER.render(document);
  }

  private static void addRelation(Node node, String tag, Map<String, String> attributes) {
    if (node instanceof Link) {
      attributes.put("rel", "noopener nofollow");
      attributes.put("target", "_blank");
    }
  }

  /// Lowers headings, and replaces images and refused links by their content.
  private static final class Restriction extends AbstractVisitor {

    private int lastLevel = HIGHEST_HEADING - 1;

    @Override
    public void visit(Heading heading) {
      int level = Math.min(LOWEST_HEADING, heading.getLevel() + HIGHEST_HEADING - 1);
      lastLevel = Math.min(level, lastLevel + 1); // skips no level
      heading.setLevel(lastLevel);
      visitChildren(heading);
    }

    @Override
    public void visit(Image image) {
      visitChildren(image);
      replaceByContent(image);
    }

    @Override
    public void visit(Link link) {
      visitChildren(link);
      if (!hasAcceptedScheme(link.getDestination())) {
        replaceByContent(link);
      }
    }

    /// A relative address, or one with a blank or control character, is refused.
    private static boolean hasAcceptedScheme(String address) {
      int colon = address.indexOf(':');
      return colon > 0
          && SCHEMES.contains(address.substring(0, colon).toLowerCase(Locale.ROOT))
          && address.chars().noneMatch(c -> c <= ' ' || Character.isISOControl(c));
    }

    private static void replaceByContent(Node node) {
      for (Node child = node.getFirstChild(); child != null; ) {
        Node next = child.getNext();
        node.insertBefore(child);
        child = next;
      }
      node.unlink();
    }
  }
}
