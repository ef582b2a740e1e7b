package ticketing.ingress.http;

import java.util.List;
import java.util.function.Function;
import org.springframework.data.domain.Page;

/// One page of a list.
public record PageResponse<T>(List<T> content, Position page) {

  public static final int MAX_PAGE_SIZE = 100;
  public static final int MAX_PAGE_NUMBER = 1_000_000;

  /// @param number index of this page, from 0
  public record Position(int number, int size, long totalElements, int totalPages) {}

  public static <R, T> PageResponse<T> of(Page<R> rows, Function<R, T> mapper) {
    return new PageResponse<>(
        rows.getContent().stream().map(mapper).toList(),
        new Position(
            rows.getNumber(), rows.getSize(), rows.getTotalElements(), rows.getTotalPages()));
  }
}
