package ticketing.ingress.poster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ticketing.domain.Json;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Posters of events, through the API.
class PosterTest {

  @TempDir private static Path folder;

  private static IngressFixture ingress;

  @BeforeAll
  static void start() {
    ingress =
        IngressFixture.shared().sibling(Map.of("ticketing.posters.folder", folder.toString()));
  }

  @AfterAll
  static void stop() {
    ingress.close();
  }

  private static byte[] png(int width, int height) {
    try {
      return PosterImageTest.encoded(
          PosterImageTest.quarters(width, height, BufferedImage.TYPE_INT_RGB), "png");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String path(long eventId) {
    return "/api/v1/events/" + eventId + "/poster";
  }

  private static HttpResponse<byte[]> upload(long eventId, byte[] image, String... headers) {
    return ingress.sendImage("PUT", path(eventId), ingress.admin(), "image/png", image, headers);
  }

  private static String posterUrl(HttpResponse<byte[]> response) {
    assertThat(response.statusCode())
        .as(new String(response.body(), StandardCharsets.UTF_8))
        .isEqualTo(200);
    return json(response).get("posterUrl").asString();
  }

  private static JsonNode json(HttpResponse<byte[]> response) {
    return Json.INTERNAL.readTree(response.body());
  }

  private static HttpResponse<byte[]> get(String path, String... headers) {
    return ingress.sendImage("GET", path, null, null, null, headers);
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  private static List<Path> images(long eventId) throws IOException {
    Path images = folder.resolve("posters/" + eventId);
    if (!Files.exists(images)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(images)) {
      return files.toList();
    }
  }

  @Test
  void uploadedPosterIsImmutable() {
    long id = ingress.newEvent();
    String before = ingress.get("/api/v1/events/" + id, null).header("ETag");

    String url = posterUrl(upload(id, png(2000, 1000)));

    assertThat(url).matches(path(id) + "\\?revision=[0-9a-f]{32}");
    IngressFixture.Answer event =
        ingress.get("/api/v1/events/" + id, null, "If-None-Match", before);
    assertThat(event.status()).isEqualTo(200);
    assertThat(event.json().get("posterUrl").asString()).isEqualTo(url);
    assertThat(event.json().get("revision").longValue()).isEqualTo(2);
    HttpResponse<byte[]> poster = get(url);
    assertThat(poster.statusCode()).isEqualTo(200);
    assertThat(header(poster, "Content-Type")).isEqualTo("image/jpeg");
    assertThat(header(poster, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(poster, "Cache-Control")).contains("public", "max-age=31536000", "immutable");
    HttpResponse<byte[]> head = ingress.sendImage("HEAD", url, null, null, null);
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(header(head, "Content-Length")).isEqualTo(String.valueOf(poster.body().length));
    assertThat(get(url, "If-None-Match", header(poster, "ETag")).statusCode()).isEqualTo(304);
    assertThat(get(url, "If-None-Match", "*").statusCode()).isEqualTo(304);
    assertThat(header(get(path(id)), "Cache-Control")).isEqualTo("max-age=1, public");
    assertThat(get(path(id)).body()).isEqualTo(poster.body());
  }

  @Test
  void listAndPageShowThePoster() {
    long id = ingress.newEvent();
    String url = posterUrl(upload(id, png(300, 300)));

    JsonNode listed =
        ingress.get("/api/v1/events?sort=-eventId&size=100", null).json().get("content");
    assertThat(
            listed
                .valueStream()
                .filter(each -> each.get("eventId").longValue() == id)
                .map(each -> each.get("posterUrl").asString()))
        .containsExactly(url);
    String page = ingress.get("/events/" + id, null, "Accept", "text/html").body();
    String absolute = "http://127.0.0.1:" + ingress.port + url;
    assertThat(page)
        .contains("<meta property=\"og:image\" content=\"" + absolute + "\">")
        .contains("\"image\":[\"" + absolute + "\"]");
  }

  @Test
  void replacedAndRemovedPostersAreDeleted() throws IOException {
    long id = ingress.newEvent();
    String first = posterUrl(upload(id, png(300, 300)));
    get(first);

    String second = posterUrl(upload(id, png(300, 300)));

    assertThat(second).isNotEqualTo(first);
    assertThat(images(id)).hasSize(1);
    assertThat(get(first).statusCode()).isEqualTo(404);
    assertThat(get(second).statusCode()).isEqualTo(200);
    IngressFixture.Answer removed = ingress.delete(path(id), ingress.admin());
    assertThat(removed.status()).isEqualTo(200);
    assertThat(removed.json().has("posterUrl")).isFalse();
    assertThat(removed.json().get("revision").longValue()).isEqualTo(4);
    assertThat(images(id)).isEmpty();
    assertThat(json(get(second)).get("code").asString()).isEqualTo("POSTER_NOT_FOUND");
    assertThat(json(get(path(id))).get("code").asString()).isEqualTo("POSTER_NOT_FOUND");
    // Idempotent.
    assertThat(ingress.delete(path(id), ingress.admin()).json().get("revision").longValue())
        .isEqualTo(4);
  }

  @Test
  void changesAreAudited() {
    long id = ingress.newEvent();
    String url = posterUrl(upload(id, png(300, 300)));
    ingress.delete(path(id), ingress.admin());

    assertThat(
            ingress
                .sql()
                .queryForList(
                    "select concat(action, ' ', new_value like '%\"posterRevision\":\""
                        + url.substring(url.indexOf('=') + 1)
                        + "\"%') from audit_log where object_name = ? order by id",
                    String.class,
                    "events/" + id))
        .containsExactly("EVENT_CREATED 0", "POSTER_REPLACED 1", "POSTER_REMOVED 0");
  }

  @Test
  void changeOfTheEventKeepsThePoster() {
    long id = ingress.newEvent();
    String url = posterUrl(upload(id, png(300, 300)));

    JsonNode changed =
        ingress
            .send("PUT", "/api/v1/events/" + id, ingress.admin(), IngressFixture.event(""))
            .json();

    assertThat(changed.get("posterUrl").asString()).isEqualTo(url);
    // The form of an administrator is based on the revision ahead of the upload.
    assertThat(
            ingress
                .send(
                    "PUT",
                    "/api/v1/events/" + id,
                    ingress.admin(),
                    IngressFixture.event(",\"revision\":1"))
                .code())
        .isEqualTo("REVISION_CONFLICT");
  }

  @Test
  void onlyAdministratorsChangePosters() throws IOException {
    long id = ingress.newEvent();
    byte[] small = png(300, 300);
    String buyer = ingress.token(IngressFixture.newUser());

    assertThat(ingress.sendImage("PUT", path(id), null, "image/png", small).statusCode())
        .isEqualTo(401);
    assertThat(ingress.sendImage("PUT", path(id), buyer, "image/png", small).statusCode())
        .isEqualTo(403);
    assertThat(ingress.delete(path(id), buyer).status()).isEqualTo(403);
    // The body limit of other users stays.
    assertThat(
            ingress.sendImage("PUT", path(id), buyer, "image/png", new byte[17_000]).statusCode())
        .isEqualTo(413);
    assertThat(images(id)).isEmpty();
  }

  @Test
  void invalidUploadsAreRefused() throws IOException {
    long id = ingress.newEvent();
    for (byte[] image : List.of("<svg/>".getBytes(), png(199, 300), new byte[0])) {
      HttpResponse<byte[]> refused = upload(id, image);
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(json(refused).get("code").asString()).isEqualTo("INVALID_REQUEST");
    }
    HttpResponse<byte[]> tooLarge = upload(id, new byte[2 * 1024 * 1024 + 1]);
    assertThat(json(tooLarge).get("code").asString()).isEqualTo("BODY_TOO_LARGE");
    for (String type : List.of("image/svg+xml", "image/gif", "text/html")) {
      assertThat(
              ingress.sendImage("PUT", path(id), ingress.admin(), type, png(300, 300)).statusCode())
          .as(type)
          .isEqualTo(415);
    }
    assertThat(upload(999_999_999, png(300, 300)).statusCode()).isEqualTo(404);
    assertThat(get(path(id) + "?revision=../../etc/passwd").statusCode()).isEqualTo(404);
    assertThat(get(path(id) + "?revision=" + "0".repeat(32)).statusCode()).isEqualTo(404);
    assertThat(images(id)).isEmpty();
  }

  @Test
  void posterFollowsTheRulesOfAnEdit() throws IOException {
    long cancelled = ingress.newEvent();
    ingress.delete("/api/v1/events/" + cancelled, ingress.admin());
    assertThat(json(upload(cancelled, png(300, 300))).get("code").asString())
        .isEqualTo("EVENT_CANCELLED");
    assertThat(ingress.delete(path(cancelled), ingress.admin()).code())
        .isEqualTo("EVENT_CANCELLED");

    long past = ingress.newEvent();
    ingress.sql().update("update events set event_date = '2020-01-01' where id = ?", past);
    assertThat(json(upload(past, png(300, 300))).get("errors").findValuesAsString("field"))
        .containsExactly("eventDate");

    long edited = ingress.newEvent();
    String tag = ingress.get("/api/v1/events/" + edited, null).header("ETag");
    posterUrl(upload(edited, png(300, 300), "If-Match", tag));
    assertThat(upload(edited, png(300, 300), "If-Match", tag).statusCode()).isEqualTo(412);
    assertThat(ingress.delete(path(edited), ingress.admin(), "If-Match", tag).status())
        .isEqualTo(412);
    assertThat(images(edited)).hasSize(1);
    assertThat(images(cancelled)).isEmpty();
  }

  /// Another instance has cached the event without the poster.
  @Test
  void otherInstanceServesANewPoster() {
    long id = ingress.newEvent();
    try (IngressFixture other =
        ingress.sibling(
            Map.of(
                "ticketing.posters.folder",
                folder.toString(),
                "ticketing.events.local-cache-ttl",
                "5m"))) {
      other.get("/api/v1/events/" + id, null);
      String url = posterUrl(upload(id, png(300, 300)));
      assertThat(other.sendImage("GET", url, null, null, null).statusCode()).isEqualTo(200);
    }
  }

  /// Other tests and jobs read the database meanwhile.
  @Test
  void unknownRevisionsDoNotReachTheDatabase() {
    long id = ingress.newEvent();
    String unknown = path(id) + "?revision=" + "0".repeat(32);
    assertThat(get(unknown).statusCode()).isEqualTo(404);
    long before = ingress.countSelects();
    for (int i = 0; i < 300; i++) {
      assertThat(get(unknown).statusCode()).isEqualTo(404);
    }
    assertThat(ingress.countSelects() - before).isLessThan(150);
  }

  @Test
  void unavailableStoreRefusesOnlyPosters() throws IOException {
    Path file = Files.createTempFile("no-folder", "");
    try (IngressFixture broken =
        ingress.sibling(
            Map.of(
                "ticketing.posters.folder",
                file.resolve("missing").toString(),
                "ticketing.posters.local-cache-size",
                "0"))) {
      long id = ingress.newEvent();
      String url = posterUrl(upload(id, png(300, 300)));

      HttpResponse<byte[]> refused =
          broken.sendImage("PUT", path(id), broken.admin(), "image/png", png(300, 300));
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(json(refused).get("code").asString()).isEqualTo("POSTERS_UNAVAILABLE");
      assertThat(header(refused, "Retry-After")).isNotNull();
      HttpResponse<byte[]> read = broken.sendImage("GET", url, null, null, null);
      assertThat(json(read).get("code").asString()).isEqualTo("POSTERS_UNAVAILABLE");
      assertThat(header(read, "Cache-Control")).doesNotContain("public");
      assertThat(broken.get("/api/v1/events/" + id, null).json().get("posterUrl").asString())
          .isEqualTo(url);
    } finally {
      Files.delete(file);
    }
  }

  /// The thread converts one image at a time, and one more waits.
  @Test
  void conversionsAreBounded() throws Exception {
    long id = ingress.newEvent();
    byte[] large = png(3400, 3400);
    try (IngressFixture bounded =
            ingress.sibling(
                Map.of(
                    "ticketing.posters.folder",
                    folder.toString(),
                    "ticketing.posters.max-queued-images",
                    "1"));
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Integer>> statuses =
          IntStream.range(0, 6)
              .mapToObj(i ->
                  clients.submit(() -> {
                    start.await();
                    HttpResponse<byte[]> response =
                        bounded.sendImage("PUT", path(id), bounded.admin(), "image/png", large);
                    assertThat(response.statusCode() == 503)
                        .isEqualTo(header(response, "Retry-After") != null);
                    return response.statusCode();
                  }))
              .toList();
      start.countDown();
      List<Integer> found = new ArrayList<>();
      for (Future<Integer> status : statuses) {
        found.add(status.get());
      }
      assertThat(found).containsOnly(200, 503).contains(503).contains(200);
    }
    // Only the poster of the row is stored, with its variants.
    await().untilAsserted(() -> assertThat(images(id)).hasSize(3));
  }

  private static BufferedImage image(HttpResponse<byte[]> response) throws IOException {
    assertThat(response.statusCode()).isEqualTo(200);
    return ImageIO.read(new ByteArrayInputStream(response.body()));
  }

  @Test
  void narrowerVariantsAreImmutable() throws IOException {
    long id = ingress.newEvent();
    String url = posterUrl(upload(id, png(2000, 1000)));
    HttpResponse<byte[]> full = get(url);

    for (int width : PosterKey.WIDTHS) {
      HttpResponse<byte[]> variant = get(url + "&width=" + width);
      assertThat(image(variant).getWidth()).isEqualTo(width);
      assertThat(header(variant, "Cache-Control")).contains("max-age=31536000", "immutable");
      assertThat(header(variant, "ETag")).isNotEqualTo(header(full, "ETag"));
      assertThat(
              get(url + "&width=" + width, "If-None-Match", header(variant, "ETag")).statusCode())
          .isEqualTo(304);
      assertThat(image(get(path(id) + "?width=" + width)).getWidth()).isEqualTo(width);
    }
    assertThat(image(full).getWidth()).isEqualTo(1600);
    assertThat(images(id)).hasSize(3);
    for (String other : List.of("481", "0", "-480", "99999999999", "x")) {
      HttpResponse<byte[]> refused = get(url + "&width=" + other);
      assertThat(refused.statusCode()).as(other).isEqualTo(400);
      assertThat(json(refused).get("code").asString()).isEqualTo("INVALID_REQUEST");
    }
    upload(id, png(300, 300));
    assertThat(images(id)).hasSize(1);
    assertThat(get(url + "&width=480").statusCode()).isEqualTo(404);
  }

  @Test
  void posterWithoutVariantsIsServed() throws IOException {
    long id = ingress.newEvent();
    String url = posterUrl(upload(id, png(800, 400)));
    for (Path image : images(id)) {
      if (image.toString().endsWith("-480.jpg")) {
        Files.delete(image);
      }
    }

    assertThat(image(get(url + "&width=480")).getWidth()).isEqualTo(800);
  }

  private static OrphanedPosterJob job(IngressFixture process) {
    return process.context.getBean(OrphanedPosterJob.class);
  }

  private static void age(long eventId) throws IOException {
    for (Path image : images(eventId)) {
      Files.setLastModifiedTime(image, FileTime.from(Instant.now().minus(2, ChronoUnit.HOURS)));
    }
  }

  @Test
  void oldImagesWithoutAnEventAreDeleted() throws IOException {
    long named = ingress.newEvent();
    String url = posterUrl(upload(named, png(600, 300)));
    long empty = ingress.newEvent();
    long unknown = 999_999_998;
    String orphan = "0".repeat(32);
    for (long id : new long[] {named, empty, unknown}) {
      Path place = Files.createDirectories(folder.resolve("posters/" + id));
      for (String name : List.of(orphan + ".jpg", orphan + "-480.jpg", "other.txt")) {
        Files.write(place.resolve(name), new byte[1]);
      }
      age(id);
    }
    Path young = folder.resolve("posters/" + empty + "/" + "1".repeat(32) + ".jpg");
    Files.write(young, new byte[1]);

    assertThat(job(ingress).run()).isEqualTo(6);

    assertThat(image(get(url)).getWidth()).isEqualTo(600);
    assertThat(image(get(url + "&width=480")).getWidth()).isEqualTo(480);
    assertThat(images(named)).hasSize(3);
    assertThat(images(empty)).containsExactlyInAnyOrder(young, young.resolveSibling("other.txt"));
    assertThat(job(ingress).run()).isZero();
  }

  @Test
  void roundOfTheSearchIsBounded(@TempDir Path place) throws IOException {
    try (IngressFixture bounded =
        ingress.sibling(
            Map.of(
                "ticketing.posters.folder",
                place.toString(),
                "ticketing.posters.max-orphan-scan",
                "2"))) {
      Path images = Files.createDirectories(place.resolve("posters/999999998"));
      for (int i = 0; i < 5; i++) {
        Path image = Files.write(images.resolve(("" + i).repeat(32) + ".jpg"), new byte[1]);
        if (i != 1) {
          Files.setLastModifiedTime(image, FileTime.from(Instant.now().minus(2, ChronoUnit.HOURS)));
        }
      }

      assertThat(IntStream.range(0, 4).map(i -> job(bounded).run())).containsExactly(1, 2, 1, 0);
    }
  }

  /// The connection of the transaction that names the image ends.
  @Test
  void imageOfAFailedUploadIsDeletedLater() throws Exception {
    long id = ingress.newEvent();
    try (Connection lock = ingress.sql().getDataSource().getConnection();
        Statement statement = lock.createStatement();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      lock.setAutoCommit(false);
      statement.execute("select id from events where id = " + id + " for update");
      Future<HttpResponse<byte[]>> failed = clients.submit(() -> upload(id, png(600, 300)));
      await().until(() -> images(id).size() == 2);
      await()
          .untilAsserted(() -> {
            List<Long> blocked =
                ingress
                    .sql()
                    .queryForList(
                        "select id from information_schema.processlist where command = 'Query'"
                            + " and info like '%update%events%' and id <> connection_id()",
                        Long.class);
            assertThat(blocked).isNotEmpty();
            blocked.forEach(connection -> ingress.sql().execute("kill " + connection));
          });
      assertThat(failed.get().statusCode()).isEqualTo(503);
      lock.rollback();
    }
    assertThat(images(id)).hasSize(2);
    assertThat(ingress.get("/api/v1/events/" + id, null).json().has("posterUrl")).isFalse();

    age(id);
    job(ingress).run();

    assertThat(images(id)).isEmpty();
    assertThat(get(posterUrl(upload(id, png(600, 300)))).statusCode()).isEqualTo(200);
  }

  /// Two administrators replace one poster, and the job runs meanwhile.
  @Test
  void imageInUseIsNeverDeleted() throws Exception {
    long id = ingress.newEvent();
    AtomicBoolean ended = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> search =
          threads.submit(() -> {
            while (!ended.get()) {
              job(ingress).run();
            }
          });
      List<Future<List<Integer>>> administrators =
          IntStream.range(0, 2)
              .mapToObj(i ->
                  threads.submit(() -> {
                    List<Integer> statuses = new ArrayList<>();
                    for (int upload = 0; upload < 15; upload++) {
                      statuses.add(upload(id, png(600, 300)).statusCode());
                      String url =
                          ingress
                              .get("/api/v1/events/" + id, null)
                              .json()
                              .get("posterUrl")
                              .asString();
                      // The other administrator may have replaced it since.
                      HttpResponse<byte[]> poster = get(url + "&width=480");
                      if (poster.statusCode() == 404) {
                        assertThat(
                                ingress
                                    .get("/api/v1/events/" + id, null)
                                    .json()
                                    .get("posterUrl")
                                    .asString())
                            .isNotEqualTo(url);
                      }
                    }
                    return statuses;
                  }))
              .toList();
      try {
        for (Future<List<Integer>> administrator : administrators) {
          assertThat(administrator.get()).containsOnly(200);
        }
      } finally {
        ended.set(true);
      }
      search.get();
    }
    String url = ingress.get("/api/v1/events/" + id, null).json().get("posterUrl").asString();
    age(id);
    job(ingress).run();
    assertThat(images(id)).hasSize(2);
    assertThat(image(get(url + "&width=480")).getWidth()).isEqualTo(480);
    assertThat(image(get(url)).getWidth()).isEqualTo(600);
  }
}
