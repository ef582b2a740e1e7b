package ticketing.ingress;

import java.util.List;
import java.util.function.Function;
import org.springframework.data.domain.Page;

/// One page of a longer list.
record PageOf<T>(List<T> content, Position page) {

  static final int LARGEST = 100;
  static final int LAST = 1_000_000;

  /// @param number of this page, from 0
  record Position(int number, int size, long totalElements, int totalPages) {}

  static <R, T> PageOf<T> of(Page<R> rows, Function<R, T> view) {
    return new PageOf<>(
        rows.getContent().stream().map(view).toList(),
        new Position(
            rows.getNumber(), rows.getSize(), rows.getTotalElements(), rows.getTotalPages()));
  }
}
