package ticketing.ingress;

import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.RedisUnavailable;

/// How the sale goes, for those who watch it.
@RestController
@RequestMapping(path = "/api/v1/operations", produces = MediaType.APPLICATION_JSON_VALUE)
class FiguresController {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final SaleFigures figures;

  FiguresController(SaleFigures figures) {
    this.figures = figures;
  }

  @GetMapping("/figures")
  SaleFigures.Report figures() {
    try {
      return figures.report();
    } catch (RedisUnavailable e) {
      throw Problem.retry(
          ErrorCode.FIGURES_UNAVAILABLE, "The figures cannot be read right now.", RETRY);
    }
  }
}
