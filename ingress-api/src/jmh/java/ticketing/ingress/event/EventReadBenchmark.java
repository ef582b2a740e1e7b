package ticketing.ingress.event;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.ingress.IngressFixture;

/// Cached reads of an event a second. Baselines are an empty handler of Spring MVC behind the same
/// filters (limits, security, headers, metrics), and on a server without them. One client with busy
/// connections loads the variants in alternating turns.
///
/// The client is a separate process on the same processors, which makes the rates more similar than
/// they are. Therefore the processor time of a response is measured too.
final class EventReadBenchmark {

  private static final int WARM_UP_ROUNDS = 4;
  private static final int MEASURED_ROUNDS = 3;
  private static final int CONNECTIONS = 16;
  private static final Duration TURN_TIME = Duration.ofMillis(1_500);
  private static final String EMPTY_PATH = "/api/v1/events/empty";
  private static final String RATE = "responses/s";
  private static final String MICROS = "µs processor time";

  private record Variant(String name, int port, String path) {}

  /// Figures of one turn.
  ///
  /// @param micros processor time of the server for one response
  private record Turn(double perSecond, double micros) {}

  private EventReadBenchmark() {}

  /// @param arguments folder of the results; none in the server process
  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      serve();
    } else if (Measurement.isSelected("http")) {
      measure(Path.of(arguments[0]));
    }
  }

  /// Empty handler.
  @SuppressWarnings("unused") // registered by reflection
  ResponseEntity<Void> empty() {
    return ResponseEntity.ok().build();
  }

  @ImportAutoConfiguration({
    TomcatServletWebServerAutoConfiguration.class,
    DispatcherServletAutoConfiguration.class,
    HttpMessageConvertersAutoConfiguration.class,
    JacksonAutoConfiguration.class,
    WebMvcAutoConfiguration.class
  })
  private static final class Bare {}

  private static void serve() throws NoSuchMethodException, IOException {
    // All requests have one client address.
    IngressFixture ingress =
        IngressFixture.start(
            Map.of(
                "ticketing.rates.address.per-second", "1000000",
                "ticketing.rates.address.burst", "1000000"));
    addEmpty(ingress.context);
    ConfigurableApplicationContext bare =
        SpringApplication.run(Bare.class, "--server.port=0", "--server.address=127.0.0.1");
    addEmpty(bare);
    long event = ingress.newEvent();
    System.out.printf(
        "serving %d %d %d%n",
        ingress.port, ((WebServerApplicationContext) bare).getWebServer().getPort(), event);
    // Blocks until the client closes the pipe.
    while (System.in.read() >= 0) {
      continue;
    }
    System.exit(0);
  }

  private static void addEmpty(ConfigurableApplicationContext context)
      throws NoSuchMethodException {
    RequestMappingHandlerMapping mapping =
        context.getBean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class);
    mapping.registerMapping(
        RequestMappingInfo.paths(EMPTY_PATH)
            .methods(RequestMethod.GET)
            .options(mapping.getBuilderConfiguration())
            .build(),
        new EventReadBenchmark(),
        EventReadBenchmark.class.getDeclaredMethod("empty"));
  }

  private static void measure(Path folder) throws Exception {
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms192m",
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-classpath",
                System.getProperty("java.class.path"),
                EventReadBenchmark.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      results(server, variants(server)).write(folder);
    } finally {
      server.destroy();
      server.waitFor();
    }
  }

  private static List<Variant> variants(Process server) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    String line = lines.readLine();
    while (line != null && !line.startsWith("serving ")) {
      line = lines.readLine();
    }
    if (line == null) {
      throw new IOException("the server process has exited");
    }
    String[] words = line.split(" ");
    int ours = Integer.parseInt(words[1]);
    // Later output is discarded; a full pipe would block the server.
    Thread.ofVirtual().start(() -> drain(lines));
    return List.of(
        new Variant("read", ours, "/api/v1/events/" + words[3]),
        new Variant("behind", ours, EMPTY_PATH),
        new Variant("bare", Integer.parseInt(words[2]), EMPTY_PATH));
  }

  private static void drain(BufferedReader lines) {
    try {
      lines.transferTo(Writer.nullWriter());
    } catch (IOException e) {
      // The server process has exited.
      return;
    }
  }

  private static Measurement results(Process server, List<Variant> variants) throws Exception {
    Map<String, List<Turn>> turns = new LinkedHashMap<>();
    for (int round = -WARM_UP_ROUNDS; round < MEASURED_ROUNDS; round++) {
      for (Variant variant : variants) {
        Turn turn = turn(server, variant);
        System.out.printf(
            Locale.ROOT,
            "%-8s %,8.0f/s %6.1f µs%n",
            variant.name(),
            turn.perSecond(),
            turn.micros());
        if (round >= 0) {
          turns.computeIfAbsent(variant.name(), name -> new ArrayList<>()).add(turn);
        }
      }
    }
    Row rate = Row.of("cached event read", median(turns.get("read"), true), RATE);
    Row cost = Row.of("cached event read", median(turns.get("read"), false), MICROS);
    String behind = "(e) empty handler behind the same filters";
    String bare = "(e) empty handler, bare Spring MVC";
    return Measurement.of("event-read", "mvn -Pbenchmark -Dbenchmark.parts=http")
        .with(rate.withBaseline(behind, median(turns.get("behind"), true)).withMinRatio(0.8))
        .with(rate.withBaseline(bare, median(turns.get("bare"), true)).withMinRatio(0.8))
        .with(cost.withBaseline(behind, median(turns.get("behind"), false)))
        .with(cost.withBaseline(bare, median(turns.get("bare"), false)));
  }

  private static double median(List<Turn> turns, boolean rate) {
    double[] sorted =
        turns.stream()
            .mapToDouble(turn -> rate ? turn.perSecond() : turn.micros())
            .sorted()
            .toArray();
    return sorted[sorted.length / 2];
  }

  private static Turn turn(Process server, Variant variant)
      throws InterruptedException, ExecutionException {
    Duration before = processorTime(server);
    long start = System.nanoTime();
    long end = start + TURN_TIME.toNanos();
    long responses = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
      List<Future<Long>> all =
          IntStream.range(0, CONNECTIONS)
              .mapToObj(number -> threads.submit(() -> sendRequests(variant, end)))
              .toList();
      for (Future<Long> future : all) {
        responses += future.get();
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    double used = processorTime(server).minus(before).toNanos() / 1e3;
    return new Turn(responses / seconds, used / responses);
  }

  private static Duration processorTime(Process process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /// Sends requests in sequence on one connection.
  ///
  /// @return number of responses
  private static long sendRequests(Variant variant, long end) throws IOException {
    byte[] request =
        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n"
            .formatted(variant.path())
            .getBytes(StandardCharsets.US_ASCII);
    long responses = 0;
    while (System.nanoTime() - end < 0) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), variant.port())) {
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        boolean open = true;
        while (open && System.nanoTime() - end < 0) {
          socket.getOutputStream().write(request);
          open = skipResponse(in);
          responses++;
        }
      }
    }
    return responses;
  }

  /// @return false if the server closes the connection
  private static boolean skipResponse(InputStream in) throws IOException {
    String line = line(in);
    if (!line.startsWith("HTTP/1.1 200")) {
      throw new IOException(line);
    }
    int length = 0;
    boolean chunked = false;
    boolean open = true;
    for (line = line(in); !line.isEmpty(); line = line(in)) {
      String header = line.toLowerCase(Locale.ROOT);
      if (header.startsWith("content-length:")) {
        length = Integer.parseInt(header.substring(header.indexOf(':') + 1).strip());
      }
      chunked |= header.startsWith("transfer-encoding: chunked");
      open &= !header.startsWith("connection: close");
    }
    if (!chunked) {
      in.skipNBytes(length);
      return open;
    }
    int chunk = Integer.parseInt(line(in), 16);
    while (chunk > 0) {
      in.skipNBytes(chunk);
      line(in);
      chunk = Integer.parseInt(line(in), 16);
    }
    line(in);
    return open;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the server has closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
