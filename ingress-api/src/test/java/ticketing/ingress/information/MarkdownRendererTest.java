package ticketing.ingress.information;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Only safe HTML leaves the renderer.
class MarkdownRendererTest {

  @Test
  void formattedTextIsRendered() {
    assertThat(
            MarkdownRenderer.html("# Program\n\n**Bach** and *Ravel*\n\n- one\n- two\n\n> quote"))
        .isEqualTo(
            """
            <h3>Program</h3>
            <p><strong>Bach</strong> and <em>Ravel</em></p>
            <ul>
            <li>one</li>
            <li>two</li>
            </ul>
            <blockquote>
            <p>quote</p>
            </blockquote>
            """);
  }

  @Test
  void headingsStartBelowThoseOfThePage() {
    assertThat(MarkdownRenderer.html("# a\n\n## b\n\n### c\n\n#### d\n\n##### e\n\n###### f"))
        .isEqualTo(
            """
            <h3>a</h3>
            <h4>b</h4>
            <h5>c</h5>
            <h6>d</h6>
            <h6>e</h6>
            <h6>f</h6>
            """);
  }

  @Test
  void headingsSkipNoLevel() {
    assertThat(MarkdownRenderer.html("### a\n\n###### b\n\n# c\n\n#### d"))
        .isEqualTo(
            """
            <h3>a</h3>
            <h4>b</h4>
            <h3>c</h3>
            <h4>d</h4>
            """);
  }

  @Test
  void linksHaveARelation() {
    assertThat(MarkdownRenderer.html("[site](https://example.com/?a=1&b=2) <mailto:a@example.com>"))
        .isEqualTo(
            "<p><a rel=\"noopener nofollow\" href=\"https://example.com/?a=1&amp;b=2\""
                + " target=\"_blank\">site</a> <a rel=\"noopener nofollow\""
                + " href=\"mailto:a@example.com\" target=\"_blank\">mailto:a@example.com</a></p>\n");
  }

  @Test
  void imagesAreShownAsTheirText() {
    assertThat(MarkdownRenderer.html("![the *hall*](https://foreign.example/tracker.png)"))
        .isEqualTo("<p>the <em>hall</em></p>\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<script>alert(1)</script>",
        "<ScRiPt src=//evil.example/x.js></sCrIpT>",
        "text <b onclick=alert(1)>bold</b>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<svg><animate onbegin=alert(1) attributeName=x></svg>",
        "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
        "<style>*{background:url(//evil.example)}</style>",
        "<!-- --><script>alert(1)</script>",
        "<details open ontoggle=alert(1)>\n\ntext\n\n</details>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<math><mtext></p><img src=x onerror=alert(1)></math>",
        "<?php echo 1 ?>",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<base href=//evil.example>",
        "<form action=//evil.example><input name=password></form>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x](<  javascript:alert(1)>)",
        "[x](javascript&colon;alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](&#x6A;&#x61;vascript&#x3a;alert(1))",
        "[x](java&Tab;script:alert(1))",
        "[x](java&NewLine;script:alert(1))",
        "[x](&#1;javascript:alert(1))",
        "[x](%6aavascript:alert(1))",
        "[x](javascript%3Aalert(1))",
        "[x](vbscript:msgbox(1))",
        "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
        "[x](file:///etc/passwd)",
        "[x](//evil.example)",
        "[x](/\\evil.example)",
        "[x](relative)",
        "[x](blob:https://a/1)",
        "<javascript:alert(1)>",
        "<data:text/html,x>",
        "[x]\n\n[x]: javascript:alert(1)",
        "[x](https://a.example \"title\" onmouseover=alert(1))",
        "[x](https://a.example/\" onmouseover=\"alert(1))",
        "[x](<https://a.example/\" onmouseover=\"alert(1)>)",
        "[x](https://a.example '\" onmouseover=\"alert(1)')",
        "![x](javascript:alert(1))",
        "![x\" onerror=\"alert(1)](https://a.example/i.png)",
        "![x](data:image/svg+xml,<svg onload=alert(1)>)",
        "[![x](javascript:alert(1))](javascript:alert(2))",
        "[a [b](javascript:alert(1)) c](javascript:alert(2))",
        "> - # <script>alert(1)</script>",
        "`<script>alert(1)</script>`",
        "```\" onclick=\"alert(1)\n<script>alert(1)</script>\n```",
        "    <script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "\\<script>alert(1)\\</script>",
        "<<script>script>alert(1)<</script>/script>",
        "\u0000<script>alert(1)</script>"
      })
  void hostileSourcesHaveNoEffect(String source) {
    String html = MarkdownRenderer.html(source);
    SafeHtml.check(html);
  }

  /// Elements of the rendered source are at most twice as deep: a list has items.
  @Test
  void nestingIsBounded() {
    for (String source :
        List.of(
            ">".repeat(5_000) + "x",
            "- ".repeat(2_500) + "x",
            "[".repeat(2_500) + "x" + "](https://a.example)".repeat(125),
            "*a _b ".repeat(833),
            "*a".repeat(1_250) + "a*".repeat(1_250),
            "![".repeat(1_000) + "x" + "](u)".repeat(750),
            "1. > ".repeat(1_000) + "x",
            "`".repeat(5_000))) {
      String html = MarkdownRenderer.html(source);
      SafeHtml.check(html);
      assertThat(depth(html)).as(source.substring(0, 10)).isLessThan(80);
    }
  }

  private static int depth(String html) {
    int depth = 0;
    int deepest = 0;
    for (String part : html.split("<")) {
      if (part.startsWith("/")) {
        depth--;
      } else if (!part.isEmpty() && !part.startsWith("br") && !part.startsWith("hr")) {
        deepest = Math.max(deepest, ++depth);
      }
    }
    return deepest;
  }
}
