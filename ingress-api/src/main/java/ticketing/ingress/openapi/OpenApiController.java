package ticketing.ingress.openapi;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import ticketing.domain.Json;

/// Serves the committed document `openapi.yaml`, the same as JSON, and Swagger UI. The JSON is
/// converted once, on the first request for it.
@RestController
class OpenApiController {

  private static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

  private final Resource document = new ClassPathResource("openapi.yaml");
  private final SingletonSupplier<byte[]> json = SingletonSupplier.of(this::convertToJson);

  @GetMapping("/v3/api-docs")
  ResponseEntity<byte[]> json() {
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .cacheControl(CacheControl.noCache())
        .body(json.obtain());
  }

  @GetMapping("/v3/api-docs.yaml")
  ResponseEntity<Resource> yaml() {
    return respond(MediaType.APPLICATION_YAML, document);
  }

  @GetMapping("/swagger-ui")
  ResponseEntity<Resource> swaggerUi() {
    return respond(HTML, new ClassPathResource("static/swagger-ui/index.html"));
  }

  private static ResponseEntity<Resource> respond(MediaType type, Resource body) {
    return ResponseEntity.ok().contentType(type).cacheControl(CacheControl.noCache()).body(body);
  }

  private byte[] convertToJson() {
    try (InputStream yaml = document.getInputStream()) {
      Object content = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
      return Json.INTERNAL.writeValueAsBytes(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
