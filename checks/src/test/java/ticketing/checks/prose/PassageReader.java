package ticketing.checks.prose;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Extracts the comments and the descriptions of a source file, and the paragraphs of Markdown.
final class PassageReader {

  private static final String QUOTED = "\"[^\"\\\\\n]*+(?:\\\\.[^\"\\\\\n]*+)*+\"";

  private static final Pattern C_TOKEN =
      Pattern.compile(
          "(?<comment>//[^\n]*|/\\*.*?\\*/)"
              + "|\"\"\".*?(?<!\\\\)\"\"\"|"
              + QUOTED
              + "|'(?:\\\\.|[^'\\\\\n])*'|`.*?(?<!\\\\)`",
          Pattern.DOTALL);

  private static final Pattern CSS_TOKEN =
      Pattern.compile("(?<comment>/\\*.*?\\*/)", Pattern.DOTALL);

  private static final Pattern DASH_TOKEN =
      Pattern.compile("(?<comment>--[^\n]*|/\\*.*?\\*/)|'[^'\n]*'|\"[^\"\n]*\"", Pattern.DOTALL);

  private static final Pattern HASH_TOKEN =
      Pattern.compile(
          "(?<comment>(?<=^|\\s)#[^\n]*|(?<=\n) *\"\"\".*?\"\"\")|" + QUOTED + "|(?<!\\w)'[^'\n]*'",
          Pattern.DOTALL);

  private static final Pattern XML_TOKEN =
      Pattern.compile("(?<comment><!--.*?-->|<description>.*?</description>)", Pattern.DOTALL);

  private static final Pattern DESCRIPTION =
      Pattern.compile(
          "^([ -]*)(?:[a-z]+_)?(?:description|summary)\\s*[:=]\\s*(.+(?:\\n\\1[ ]+\\S.*)*)",
          Pattern.MULTILINE);

  private static final Pattern MARKER =
      Pattern.compile("^[ \\t]*(?:/{2,3}|/\\*+|\\*+/|\\*|#+|--\\[\\[|--|\"\"\"|<!--)?[ ]?");

  private static final Pattern FENCE =
      Pattern.compile("^[ >]*(```|~~~).*?^[ >]*\\1[ ]*$", Pattern.DOTALL | Pattern.MULTILINE);

  private PassageReader() {}

  /// Passages of a file in the order of their lines; none for an unknown kind of file.
  static List<Passage> read(String name, String text) {
    String kind = name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')) + 1);
    return switch (kind) {
      case "md" -> markdown(text);
      case "java", "js", "mjs" -> comments(text, C_TOKEN);
      case "css" -> comments(text, CSS_TOKEN);
      case "sql", "lua" -> comments(text, DASH_TOKEN);
      case "xml", "html" -> comments(text, XML_TOKEN);
      case "yaml", "yml", "tf", "hcl", "tfvars" -> {
        List<Passage> passages = new ArrayList<>(comments(text, HASH_TOKEN));
        passages.addAll(descriptions(text));
        yield passages;
      }
      case "sh", "py", "tftpl", "properties", "example", "Dockerfile" -> comments(text, HASH_TOKEN);
      default -> text.startsWith("#!") ? comments(text, HASH_TOKEN) : List.of();
    };
  }

  private static List<Passage> comments(String text, Pattern token) {
    List<Passage> passages = new ArrayList<>();
    Matcher matcher = token.matcher(text);
    int last = -1;
    while (matcher.find()) {
      String comment = matcher.group("comment");
      if (comment == null || comment.startsWith("#!")) {
        continue;
      }
      int start = matcher.start();
      boolean alone = text.substring(text.lastIndexOf('\n', start) + 1, start).isBlank();
      String plain = strip(comment);
      if (alone && last >= 0 && isOneLineBreak(text.substring(last, start))) {
        Passage before = passages.removeLast();
        passages.add(new Passage(before.line(), before.text() + "\n" + plain, true));
      } else {
        passages.add(new Passage(lineOf(text, start), plain, true));
      }
      last = alone ? matcher.end() : -1;
    }
    return passages;
  }

  private static boolean isOneLineBreak(String between) {
    return between.isBlank() && between.chars().filter(c -> c == '\n').count() == 1;
  }

  private static String strip(String comment) {
    String inner =
        comment
            .replaceFirst("(?s)\\s*(?:\\*/|-->|\"\"\"|</description>)$", "")
            .replaceFirst("^<description>", "");
    return String.join(
        "\n",
        Arrays.stream(inner.split("\n", -1)).map(l -> MARKER.matcher(l).replaceFirst("")).toList());
  }

  private static List<Passage> descriptions(String text) {
    List<Passage> passages = new ArrayList<>();
    Matcher matcher = DESCRIPTION.matcher(text);
    while (matcher.find()) {
      String plain =
          String.join(
              "\n",
              Arrays.stream(matcher.group(2).split("\n"))
                  .map(line -> line.strip().replaceFirst("^(?:[>|][+-]?$|[\"'])", ""))
                  .toList());
      passages.add(new Passage(lineOf(text, matcher.start(2)), plain, false));
    }
    return passages;
  }

  private static List<Passage> markdown(String text) {
    String prose = FENCE.matcher(text).replaceAll(match -> "\n".repeat(lines(match.group())));
    prose =
        Pattern.compile("<!--.*?-->", Pattern.DOTALL)
            .matcher(prose)
            .replaceAll(match -> "\n".repeat(lines(match.group())));
    List<Passage> passages = new ArrayList<>();
    int line = 1;
    int start = 1;
    StringBuilder paragraph = new StringBuilder();
    for (String each : prose.split("\n", -1)) {
      boolean own = each.matches("\\s*(?:#|\\||[-*+] |\\d+\\. |>).*");
      if (each.isBlank() || own) {
        addParagraph(passages, start, paragraph);
        start = line;
      }
      if (each.strip().startsWith("|")) {
        for (String cell : each.split("(?<!\\\\)\\|")) {
          addParagraph(passages, line, new StringBuilder(cell));
        }
        start = line + 1;
      } else if (!each.isBlank()) {
        start = paragraph.isEmpty() ? line : start;
        paragraph.append(paragraph.isEmpty() ? "" : "\n").append(each);
      }
      line++;
    }
    addParagraph(passages, start, paragraph);
    return passages;
  }

  private static void addParagraph(List<Passage> passages, int line, StringBuilder paragraph) {
    String plain = paragraph.toString().replaceAll("\\]\\([^)\\s]*\\)", "]");
    paragraph.setLength(0);
    if (!plain.isBlank()) {
      passages.add(new Passage(line, plain, false));
    }
  }

  private static int lines(String text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }

  private static int lineOf(String text, int position) {
    return 1 + lines(text.substring(0, position));
  }
}
