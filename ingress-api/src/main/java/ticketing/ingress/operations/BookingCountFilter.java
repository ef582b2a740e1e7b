package ticketing.ingress.operations;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import ticketing.ingress.reservation.ReservationController;
import ticketing.ingress.warmup.WarmUpRequests;

/// Counts booking requests by result. Runs ahead of every filter that rejects requests.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 50)
class BookingCountFilter extends OncePerRequestFilter {

  private final SaleMeters meters;
  private final WarmUpRequests warmUp;

  BookingCountFilter(SaleMeters meters, WarmUpRequests warmUp) {
    this.meters = meters;
    this.warmUp = warmUp;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !HttpMethod.POST.matches(request.getMethod())
        || !request.getRequestURI().equals(ReservationController.PATH)
        || warmUp.isWarmUp(request);
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    boolean accepted = false;
    try {
      chain.doFilter(request, response);
      accepted = response.getStatus() == HttpStatus.ACCEPTED.value();
    } finally {
      meters.countBooking(accepted);
    }
  }
}
