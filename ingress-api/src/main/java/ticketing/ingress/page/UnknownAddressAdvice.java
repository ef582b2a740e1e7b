package ticketing.ingress.page;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.servlet.resource.NoResourceFoundException;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.ProblemDetailAdvice;

/// Answers a browser's request for an unknown address with the HTML page, and any other client with
/// a problem detail.
@ControllerAdvice
@Order(Ordered.HIGHEST_PRECEDENCE)
class UnknownAddressAdvice {

  private static final List<String> DATA_PATHS = List.of("/api/", "/v3/", PageFiles.FOLDER);

  private final StaticPageController pages;
  private final ProblemDetailAdvice problems;

  UnknownAddressAdvice(StaticPageController pages, ProblemDetailAdvice problems) {
    this.pages = pages;
    this.problems = problems;
  }

  @ExceptionHandler(NoResourceFoundException.class)
  ResponseEntity<?> handle(HttpServletRequest request) {
    String accept = request.getHeader(HttpHeaders.ACCEPT);
    boolean isPage =
        List.of("GET", "HEAD").contains(request.getMethod())
            && accept != null
            && accept.contains(MediaType.TEXT_HTML_VALUE)
            && DATA_PATHS.stream().noneMatch(request.getRequestURI()::startsWith);
    return isPage
        ? pages.notFound(request)
        : problems.handle(ApiException.of(ErrorCode.NOT_FOUND, "Not found"));
  }
}
