package ticketing.ingress.operations;

import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.redis.RedisUnavailableException;

/// Statistics of the sale for the operations page.
@RestController
@RequestMapping(path = "/api/v1/operations", produces = MediaType.APPLICATION_JSON_VALUE)
class StatisticsController {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final SaleStatistics statistics;

  StatisticsController(SaleStatistics statistics) {
    this.statistics = statistics;
  }

  @GetMapping("/figures")
  SaleStatistics.Report report() {
    try {
      return statistics.report();
    } catch (RedisUnavailableException e) {
      throw ApiException.withRetryAfter(
          ErrorCode.FIGURES_UNAVAILABLE, "The statistics cannot be read now.", RETRY_AFTER);
    }
  }
}
