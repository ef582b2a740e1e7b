package ticketing.ingress.operations;

import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.redis.RedisUnavailableException;

/// How the sale goes, for those who watch it.
@RestController
@RequestMapping(path = "/api/v1/operations", produces = MediaType.APPLICATION_JSON_VALUE)
class StatisticsController {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final SaleStatistics figures;

  StatisticsController(SaleStatistics figures) {
    this.figures = figures;
  }

  @GetMapping("/figures")
  SaleStatistics.Report figures() {
    try {
      return figures.report();
    } catch (RedisUnavailableException e) {
      throw ApiException.retry(
          ErrorCode.FIGURES_UNAVAILABLE, "The figures cannot be read right now.", RETRY);
    }
  }
}
