package ticketing.ingress.http;

import java.util.List;
import java.util.function.Function;
import org.springframework.data.domain.Page;

/// One page of a longer list.
public record PageResponse<T>(List<T> content, Position page) {

  public static final int LARGEST = 100;
  public static final int LAST = 1_000_000;

  /// @param number of this page, from 0
  public record Position(int number, int size, long totalElements, int totalPages) {}

  public static <R, T> PageResponse<T> of(Page<R> rows, Function<R, T> view) {
    return new PageResponse<>(
        rows.getContent().stream().map(view).toList(),
        new Position(
            rows.getNumber(), rows.getSize(), rows.getTotalElements(), rows.getTotalPages()));
  }
}
