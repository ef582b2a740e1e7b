package ticketing.ingress.poster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/// Conversion of uploaded images.
class PosterImageTest {

  private static final PosterSettings SETTINGS = settings(Map.of());

  /// Decoding of at most 500 ms.
  private static final PosterSettings SHORT_TIME =
      settings(Map.of("ticketing.posters.max-decoding-time", "500ms"));

  private static PosterSettings settings(Map<String, String> values) {
    Map<String, String> all = new HashMap<>(values);
    all.put("ticketing.posters.folder", "unused");
    return new Binder(new MapConfigurationPropertySource(all))
        .bind("ticketing.posters", PosterSettings.class)
        .get();
  }

  private static BufferedImage convert(byte[] image) throws Exception {
    byte[] converted = PosterImage.convert(image, SETTINGS).get(PosterKey.FULL);
    assertThat(Arrays.copyOf(converted, 3)).containsExactly(0xff, 0xd8, 0xff);
    return ImageIO.read(new ByteArrayInputStream(converted));
  }

  /// Red, green, blue and yellow quarters, in reading order.
  static BufferedImage quarters(int width, int height, int type) {
    BufferedImage image = new BufferedImage(width, height, type);
    Graphics2D graphics = image.createGraphics();
    int x = width / 2;
    int y = height / 2;
    graphics.setColor(Color.RED);
    graphics.fillRect(0, 0, x, y);
    graphics.setColor(Color.GREEN);
    graphics.fillRect(x, 0, width - x, y);
    graphics.setColor(Color.BLUE);
    graphics.fillRect(0, y, x, height - y);
    graphics.setColor(Color.YELLOW);
    graphics.fillRect(x, y, width - x, height - y);
    graphics.dispose();
    return image;
  }

  static byte[] encoded(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, bytes)).isTrue();
    return bytes.toByteArray();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = PosterImageTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  /// Letters of the colours of the quarters.
  private static String colours(BufferedImage image) {
    StringBuilder found = new StringBuilder();
    for (int y : new int[] {1, 3}) {
      for (int x : new int[] {1, 3}) {
        Color colour = new Color(image.getRGB(image.getWidth() * x / 4, image.getHeight() * y / 4));
        found.append(
            colour.getRed() > 128
                ? colour.getGreen() > 128 ? colour.getBlue() > 128 ? 'w' : 'y' : 'r'
                : colour.getGreen() > 128 ? 'g' : 'b');
      }
    }
    return found.toString();
  }

  @ParameterizedTest
  @CsvSource({"jpeg, 1", "png, 1", "png, 2", "png, 13"})
  void imageKeepsItsPixels(String format, int type) throws Exception {
    BufferedImage image = convert(encoded(quarters(300, 400, type), format));

    assertThat(image.getWidth()).isEqualTo(300);
    assertThat(image.getHeight()).isEqualTo(400);
    assertThat(colours(image)).isEqualTo("rgby");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lossy.webp", "lossless.webp", "cmyk.jpg"})
  void otherEncodersAreRead(String file) throws Exception {
    BufferedImage image = convert(resource(file));

    assertThat(image.getWidth()).isEqualTo(240);
    assertThat(image.getHeight()).isEqualTo(320);
    assertThat(colours(image)).isEqualTo("rgby");
  }

  @Test
  void transparentPixelsBecomeWhite() throws Exception {
    assertThat(colours(convert(resource("transparent.webp")))).isEqualTo("wwww");
    BufferedImage empty = new BufferedImage(300, 300, BufferedImage.TYPE_INT_ARGB);
    assertThat(colours(convert(encoded(empty, "png")))).isEqualTo("wwww");
  }

  @ParameterizedTest
  @CsvSource({"1601, 400", "3000, 2000", "3200, 1000", "6000, 2000"})
  void wideImageIsReduced(int width, int height) throws Exception {
    BufferedImage image =
        convert(encoded(quarters(width, height, BufferedImage.TYPE_INT_RGB), "png"));

    assertThat(image.getWidth()).isEqualTo(1600);
    assertThat((double) image.getHeight())
        .isCloseTo(1600.0 * height / width, org.assertj.core.api.Assertions.within(2.0));
    assertThat(colours(image)).isEqualTo("rgby");
  }

  @ParameterizedTest
  @CsvSource({"400, 0", "480, 0", "481, 1", "1000, 2", "2000, 2"})
  void narrowerVariantsAreStored(int width, int variants) throws Exception {
    Map<Integer, byte[]> images =
        PosterImage.convert(
            encoded(quarters(width, 300, BufferedImage.TYPE_INT_RGB), "png"), SETTINGS);

    // The row of the event is written after the last image.
    assertThat(images.keySet())
        .containsExactlyElementsOf(
            Stream.concat(PosterKey.WIDTHS.stream().limit(variants), Stream.of(PosterKey.FULL))
                .toList());
    for (int variant : PosterKey.WIDTHS.subList(0, variants)) {
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(images.get(variant)));
      assertThat(image.getWidth()).isEqualTo(variant);
      assertThat((double) image.getHeight())
          .isCloseTo(300.0 * variant / width, org.assertj.core.api.Assertions.within(1.0));
      assertThat(colours(image)).isEqualTo("rgby");
    }
  }

  /// A camera stores the position of the sensor.
  @ParameterizedTest
  @CsvSource({
    "1, rgby", "2, gryb", "3, ybgr", "4, byrg", "5, rbgy", "6, bryg", "7, ygbr", "8, gyrb"
  })
  void imageIsUpright(int orientation, String colours) throws Exception {
    byte[] jpeg = encoded(quarters(400, 240, BufferedImage.TYPE_INT_RGB), "jpeg");

    BufferedImage image = convert(withExif(jpeg, orientation));

    assertThat(image.getWidth()).isEqualTo(orientation < 5 ? 400 : 240);
    assertThat(colours(image)).isEqualTo(colours);
  }

  private static byte[] withExif(byte[] jpeg, int orientation) {
    byte[] exif =
        ByteBuffer.allocate(36)
            .putShort((short) 0xffe1)
            .putShort((short) 34)
            .put("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1))
            .put("MM\0*".getBytes(StandardCharsets.ISO_8859_1))
            .putInt(8)
            .putShort((short) 1)
            .putShort((short) 0x112)
            .putShort((short) 3)
            .putInt(1)
            .putShort((short) orientation)
            .putShort((short) 0)
            .putInt(0)
            .array();
    return ByteBuffer.allocate(jpeg.length + exif.length)
        .put(jpeg, 0, 2)
        .put(exif)
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  @Test
  void metadataAreRemoved() throws Exception {
    byte[] jpeg = encoded(quarters(300, 300, BufferedImage.TYPE_INT_RGB), "jpeg");
    byte[] comment = "\u00ff\u00fe\0\nsecret-1".getBytes(StandardCharsets.ISO_8859_1);
    byte[] marked =
        ByteBuffer.allocate(jpeg.length + comment.length + 8)
            .put(jpeg, 0, 2)
            .put(comment)
            .put(jpeg, 2, jpeg.length - 2)
            .put("secret-2".getBytes(StandardCharsets.ISO_8859_1))
            .array();

    for (byte[] image : PosterImage.convert(marked, SETTINGS).values()) {
      assertThat(new String(image, StandardCharsets.ISO_8859_1)).doesNotContain("secret");
    }
  }

  /// The head is read first: an image of 30,000 x 30,000 pixels is never decoded.
  @Test
  void sizeOutOfBoundsIsRefused() throws IOException {
    for (int[] size :
        new int[][] {
          {199, 300}, {300, 199}, {6001, 300}, {300, 6001}, {4000, 3001}, {30000, 30000}
        }) {
      assertThatThrownBy(() -> PosterImage.convert(emptyPng(size[0], size[1]), SETTINGS))
          .as("%d x %d", size[0], size[1])
          .isInstanceOf(PosterImage.InvalidImageException.class)
          .hasMessageContaining("pixels");
    }
  }

  /// A PNG file with one row of zeros, whatever its size is.
  private static byte[] emptyPng(int width, int height) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(data)) {
      deflated.write(new byte[width * 3 + 1]);
    }
    return png(
        List.of(
            chunk(
                "IHDR",
                ByteBuffer.allocate(13)
                    .putInt(width)
                    .putInt(height)
                    .put(new byte[] {8, 2, 0, 0, 0})
                    .array()),
            chunk("IDAT", data.toByteArray())));
  }

  private static byte[] png(List<byte[]> chunks) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes("\u0089PNG\r\n\032\n".getBytes(StandardCharsets.ISO_8859_1));
    chunks.forEach(file::writeBytes);
    file.writeBytes(chunk("IEND", new byte[0]));
    return file.toByteArray();
  }

  private static byte[] chunk(String name, byte[] content) {
    byte[] type = name.getBytes(StandardCharsets.ISO_8859_1);
    CRC32 crc = new CRC32();
    crc.update(type);
    crc.update(content);
    return ByteBuffer.allocate(content.length + 12)
        .putInt(content.length)
        .put(type)
        .put(content)
        .putInt((int) crc.getValue())
        .array();
  }

  /// 0.3 MB of texts in a palette image expand to 300 MB.
  @Test
  void compressedTextsAreNotExpanded() throws Exception {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes("Comment\0\0".getBytes(StandardCharsets.ISO_8859_1));
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(text)) {
      deflated.write(new byte[1 << 20]);
    }
    byte[] chunk = chunk("zTXt", text.toByteArray());
    ByteBuffer texts = ByteBuffer.allocate(300 * chunk.length);
    while (texts.hasRemaining()) {
      texts.put(chunk);
    }
    byte[] file = withChunks(texts.array());
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    convert(withChunks(new byte[0]));

    long before = threads.getCurrentThreadAllocatedBytes();
    convert(file);

    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(50_000_000);
  }

  /// Palette image with chunks after its head.
  private static byte[] withChunks(byte[] chunks) throws IOException {
    byte[] source = encoded(quarters(300, 300, BufferedImage.TYPE_BYTE_INDEXED), "png");
    int head = 8 + 25;
    return ByteBuffer.allocate(source.length + chunks.length)
        .put(source, 0, head)
        .put(chunks)
        .put(source, head, source.length - head)
        .array();
  }

  /// The chosen readers allocate no array of a length of 2 GB that a small file states.
  @Test
  void statedLengthsAllocateNoArray() throws Exception {
    byte[] length = {0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xf0};
    byte[] unknown = chunk("abCd", new byte[8]);
    System.arraycopy(length, 0, unknown, 0, 4);
    assertThatThrownBy(() -> PosterImage.convert(withChunks(unknown), SETTINGS))
        .isInstanceOf(PosterImage.InvalidImageException.class);

    for (String name : List.of("ICCP", "EXIF", "VP8L", "ALPH", "VP8X")) {
      byte[] webp = resource("lossless.webp");
      byte[] huge =
          ByteBuffer.allocate(webp.length + 8)
              .put(webp, 0, 12)
              .put(name.getBytes(StandardCharsets.ISO_8859_1))
              .put(new byte[] {(byte) 0xf0, (byte) 0xff, (byte) 0xff, 0x7f})
              .put(webp, 12, webp.length - 12)
              .array();
      assertThatThrownBy(() -> PosterImage.convert(huge, SETTINGS))
          .as(name)
          .isInstanceOf(PosterImage.InvalidImageException.class);
    }

    byte[] jpeg = encoded(quarters(300, 300, BufferedImage.TYPE_INT_RGB), "jpeg");
    for (int type : new int[] {1, 2, 3, 4, 5, 7, 12}) {
      byte[] exif = withExif(jpeg, 1);
      exif[2 + 4 + 6 + 8 + 2 + 3] = (byte) type;
      System.arraycopy(length, 0, exif, 2 + 4 + 6 + 8 + 2 + 4, 4);
      assertThat(colours(convert(exif))).isEqualTo("rgby");
    }
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    BufferedImage image = quarters(300, 300, BufferedImage.TYPE_INT_RGB);
    for (byte[] file :
        List.of(
            new byte[0],
            new byte[] {(byte) 0xff},
            "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".getBytes(),
            "<!doctype html><script>alert(1)</script>".getBytes(),
            encoded(image, "gif"),
            encoded(image, "bmp"),
            "%PDF-1.7".getBytes())) {
      assertThatThrownBy(() -> PosterImage.convert(file, SETTINGS))
          .isInstanceOf(PosterImage.InvalidImageException.class)
          .hasMessage("must be a JPEG, PNG or WebP image");
    }
  }

  /// Writes bits from the lowest one.
  private static final class Bits {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int current;
    private int count;

    private Bits add(int value, int bits) {
      for (int i = 0; i < bits; i++) {
        current |= (value >>> i & 1) << count++;
        if (count == 8) {
          bytes.write(current);
          current = 0;
          count = 0;
        }
      }
      return this;
    }

    /// @param padding zeros behind the bits
    private byte[] padded(int padding) {
      add(0, (8 - count) % 8);
      bytes.writeBytes(new byte[padding]);
      return bytes.toByteArray();
    }
  }

  private static final int WIDE = 4000;
  private static final int HIGH = 3000;

  /// Lossless coding of WebP with pixels of one colour.
  ///
  /// @param transforms number of transforms of all pixels, each in three bits
  /// @param greens 1: a pixel has no bits; 2: one bit
  private static byte[] lossless(int transforms, int greens, int padding) {
    Bits bits = new Bits().add(0x2f, 8).add(WIDE - 1, 14).add(HIGH - 1, 14).add(0, 4);
    for (int i = 0; i < transforms; i++) {
      bits.add(1, 1).add(2, 2);
    }
    bits.add(0, 3); // no transform, no cache, one group of codes
    bits.add(1, 1).add(greens - 1, 1).add(0, 2).add(1, greens == 2 ? 8 : 0);
    for (int code = 0; code < 4; code++) {
      bits.add(1, 4);
    }
    return bits.padded(padding);
  }

  private static byte[] webp(byte[]... chunks) {
    int length = 4 + Stream.of(chunks).mapToInt(chunk -> chunk.length).sum();
    ByteBuffer file = ByteBuffer.allocate(8 + length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(StandardCharsets.ISO_8859_1)).putInt(length);
    file.put("WEBP".getBytes(StandardCharsets.ISO_8859_1));
    Stream.of(chunks).forEach(file::put);
    return file.array();
  }

  private static byte[] webpChunk(String name, byte[] content) {
    return ByteBuffer.allocate(8 + content.length + content.length % 2)
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .put(name.getBytes(StandardCharsets.ISO_8859_1))
        .putInt(content.length)
        .put(content)
        .array();
  }

  private static byte[] canvas(int flags, int width, int height) {
    return webpChunk(
        "VP8X", new Bits().add(flags, 32).add(width - 1, 24).add(height - 1, 24).padded(0));
  }

  /// A few bytes occupy a decoder for minutes.
  @ParameterizedTest
  @ValueSource(
      strings = {"truncated", "transforms", "alpha", "pictures", "alphas", "animation", "frame"})
  void slowWebpImagesAreRefused(String kind) throws IOException {
    byte[] pixels = webpChunk("VP8L", lossless(0, 1, 64));
    byte[] transformed = lossless(500, 1, 64);
    byte[] alpha = Arrays.copyOfRange(transformed, 4, transformed.length);
    alpha[0] = 1; // lossless coding
    byte[] lossy = resource("lossy.webp");
    byte[] frame = Arrays.copyOfRange(lossy, 12, lossy.length);
    byte[] file =
        switch (kind) {
          case "truncated" -> webp(webpChunk("VP8L", lossless(0, 2, 0)));
          case "transforms" -> webp(webpChunk("VP8L", transformed));
          case "alpha" -> webp(canvas(0x10, WIDE, HIGH), webpChunk("ALPH", alpha), pixels);
          case "pictures" ->
              webp(
                  Stream.concat(
                          Stream.of(canvas(0, WIDE, HIGH)),
                          Stream.generate(() -> pixels).limit(200))
                      .toArray(byte[][]::new));
          case "alphas" ->
              webp(
                  canvas(0x10, WIDE, HIGH),
                  webpChunk("ALPH", alpha),
                  webpChunk("ALPH", alpha),
                  pixels);
          case "animation" -> webp(canvas(2, WIDE, HIGH), pixels);
          default -> webp(canvas(0, 300, 300), frame); // 240 x 320 pixels
        };
    long start = cpuNanos();

    assertThatThrownBy(() -> PosterImage.convert(file, SHORT_TIME))
        .isInstanceOf(PosterImage.InvalidImageException.class);

    assertThat(Duration.ofNanos(cpuNanos() - start)).isLessThan(Duration.ofSeconds(4));
  }

  private static long cpuNanos() {
    return java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  @Test
  void largeWebpImageOfOneColourIsConverted() throws Exception {
    BufferedImage image =
        convert(webp(canvas(0, WIDE, HIGH), webpChunk("VP8L", lossless(2, 1, 8))));
    assertThat(image.getWidth()).isEqualTo(1600);
    assertThat(image.getHeight()).isEqualTo(1200);
  }

  @Test
  void progressiveImageWithManyScansIsRefused() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(bytes)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      writer.setOutput(stream);
      writer.write(
          null,
          new IIOImage(quarters(300, 300, BufferedImage.TYPE_INT_RGB), null, null),
          parameters);
    } finally {
      writer.dispose();
    }
    byte[] progressive = bytes.toByteArray();
    assertThat(colours(convert(progressive))).isEqualTo("rgby");
    int scan = progressive.length - 3;
    while (progressive[scan] != (byte) 0xff || progressive[scan + 1] != (byte) 0xda) {
      scan--;
    }
    byte[] lastScan = Arrays.copyOfRange(progressive, scan, progressive.length - 2);
    ByteArrayOutputStream repeated = new ByteArrayOutputStream();
    repeated.write(progressive, 0, scan);
    for (int i = 0; i < 100; i++) {
      repeated.writeBytes(lastScan);
    }
    repeated.write(progressive, progressive.length - 2, 2);

    assertThatThrownBy(() -> PosterImage.convert(repeated.toByteArray(), SETTINGS))
        .isInstanceOf(PosterImage.InvalidImageException.class)
        .hasMessage("must have at most 100 scans");
  }

  /// A decoder fills the missing part of a JPEG image with grey.
  @ParameterizedTest
  @ValueSource(strings = {"jpeg", "png", "lossy.webp", "lossless.webp", "cmyk.jpg"})
  void truncatedFilesAreRefused(String source) throws IOException {
    byte[] valid = valid(source);
    for (int percent : new int[] {20, 50, 90, 98}) {
      byte[] truncated = Arrays.copyOf(valid, valid.length * percent / 100);
      assertThatThrownBy(() -> PosterImage.convert(truncated, SETTINGS))
          .as("%d %%", percent)
          .isInstanceOf(PosterImage.InvalidImageException.class)
          .hasMessage("must be a readable image");
    }
  }

  private static byte[] valid(String source) throws IOException {
    return source.contains(".")
        ? resource(source)
        : encoded(quarters(300, 300, BufferedImage.TYPE_INT_RGB), source);
  }

  /// A damaged file is refused or shown, and nothing else.
  @ParameterizedTest
  @ValueSource(strings = {"jpeg", "png", "lossy.webp", "lossless.webp", "cmyk.jpg"})
  void damagedFilesAreRefused(String source) throws IOException {
    byte[] valid = valid(source);
    Random random = new Random(7);
    for (int i = 0; i < 60; i++) {
      byte[] damaged = Arrays.copyOf(valid, i < 30 ? valid.length * i / 30 : valid.length);
      for (int j = 0; j < i % 10 && damaged.length > 20; j++) {
        damaged[12 + random.nextInt(damaged.length - 12)] = (byte) random.nextInt();
      }
      try {
        PosterImage.convert(damaged, SETTINGS);
      } catch (PosterImage.InvalidImageException expected) {
        assertThat(expected.getMessage()).startsWith("must ");
      }
    }
  }
}
