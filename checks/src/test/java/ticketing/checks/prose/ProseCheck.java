package ticketing.checks.prose;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Applies each [Rule] to the text files of a tree. Generated files, fixtures, the licence and
/// Korean text are skipped.
final class ProseCheck {

  private static final Pattern STORY_WORDS = storyWords();
  private static final Pattern OPENING =
      Pattern.compile(
          "^\\W*(?:what|who|whose|whether|where|how|of|nothing)\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern WORD = Pattern.compile("[A-Za-z][A-Za-z']*");
  private static final Pattern SENTENCE_END =
      Pattern.compile("(?<=[.!?])[)\"*_]*\\s+|\\n\\s*\\n|\\n(?=\\s*(?:[-*#|] |@param|\\d+\\. ))");
  private static final Pattern CODE = Pattern.compile("`[^`]*`");
  private static final Pattern TEST_METHOD =
      Pattern.compile(
          "@(?:Test|Property|Example|ParameterizedTest|RepeatedTest|TestFactory|ArchTest)\\b"
              + "[^;]{0,400}?\\b(?:void|boolean|ArchRule|[A-Z]\\w+<\\w+>)\\s+(\\w+)\\s*[(=]");
  private static final Pattern TERRAFORM_TEST =
      Pattern.compile("^run \"(\\w+)\"", Pattern.MULTILINE);
  private static final Pattern GENERATED = Pattern.compile("\\bGenerated (?:by|from) ");
  private static final Set<String> SKIPPED_FOLDERS = Set.of("target", ".git", "node_modules");

  private final List<Finding> findings = new ArrayList<>();
  private int words;
  private int docsWords;
  private int sentences;
  private int comments;
  private int testNames;

  private ProseCheck() {}

  static ProseReport check(Path root) throws IOException {
    ProseCheck check = new ProseCheck();
    for (Path file : files(root)) {
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      check.add(root.relativize(file).toString().replace('\\', '/'), text);
    }
    return new ProseReport(
        check.words,
        check.docsWords,
        check.sentences,
        check.comments,
        check.testNames,
        check.findings);
  }

  private void add(String file, String text) {
    if (isGenerated(text)) {
      return;
    }
    for (Passage passage : PassageReader.read(file, text)) {
      addPassage(file, passage);
    }
    if (file.endsWith(".java")) {
      addTestNames(file, text, TEST_METHOD, "(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_");
    } else if (file.endsWith(".tftest.hcl")) {
      addTestNames(file, text, TERRAFORM_TEST, "_");
    }
  }

  private void addPassage(String file, Passage passage) {
    String text = passage.text();
    int count = count(text);
    words += count;
    if (file.startsWith("docs/") && file.endsWith(".md")) {
      docsWords += count;
    }
    // Code keeps its length, so that positions of findings stay valid.
    String prose = CODE.matcher(text).replaceAll(match -> "x".repeat(match.group().length()));
    Matcher story = STORY_WORDS.matcher(prose);
    while (story.find()) {
      int end = Math.min(prose.length(), story.end() + 30);
      String excerpt = text.substring(Math.max(0, story.start() - 30), end);
      findings.add(
          new Finding(
              Rule.STORY_WORD,
              file,
              passage.lineAt(story.start()),
              "\"" + story.group() + "\" in: " + excerpt));
    }
    if (passage.comment()) {
      comments++;
      if (OPENING.matcher(text).find()) {
        findings.add(new Finding(Rule.OPENING, file, passage.line(), start(text)));
      }
    }
    int position = 0;
    for (String sentence : SENTENCE_END.split(text)) {
      int length = count(sentence);
      sentences += length > 0 ? 1 : 0;
      position = Math.max(position, text.indexOf(sentence, position));
      if (length > Rule.MAX_SENTENCE_WORDS) {
        findings.add(
            new Finding(
                Rule.LONG_SENTENCE,
                file,
                passage.lineAt(position),
                length + " words: " + start(sentence)));
      }
    }
  }

  private void addTestNames(String file, String text, Pattern test, String separator) {
    Matcher matcher = test.matcher(text);
    while (matcher.find()) {
      testNames++;
      String[] name = matcher.group(1).split(separator);
      boolean story = STORY_WORDS.matcher(String.join(" ", name)).find();
      if (name.length > Rule.MAX_TEST_NAME_WORDS || story) {
        int line = new Passage(1, text, false).lineAt(matcher.start(1));
        findings.add(
            new Finding(Rule.TEST_NAME, file, line, name.length + " words: " + matcher.group(1)));
      }
    }
  }

  private static String start(String text) {
    return text.substring(0, Math.min(60, text.length()));
  }

  private static int count(String text) {
    return (int) WORD.matcher(text).results().count();
  }

  /// A generated file states so in one of its first lines.
  private static boolean isGenerated(String text) {
    String head = text.substring(0, Math.min(400, text.length()));
    return GENERATED.matcher(head).find();
  }

  private static Set<Path> files(Path root) throws IOException {
    Set<Path> files = new TreeSet<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = folder.getFileName().toString();
            return SKIPPED_FOLDERS.contains(name) || name.startsWith("fixture")
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = file.getFileName().toString();
            if (!name.equals("LICENSE")
                && !name.contains(".ko.")
                && !name.equals("ko.json")
                && attributes.isRegularFile()
                && attributes.size() < 1_000_000) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }

  private static Pattern storyWords() {
    try (InputStream list = ProseCheck.class.getResourceAsStream("story-words.txt")) {
      String words =
          new String(list.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.isBlank() && !line.startsWith("#"))
              .map(line -> line.replace(" ", "\\s+"))
              .collect(Collectors.joining("|", "\\b(?:", ")\\b"));
      return Pattern.compile(words, Pattern.CASE_INSENSITIVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
