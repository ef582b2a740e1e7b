package ticketing.ingress.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HighestIdTest {

  private final AtomicLong table = new AtomicLong(100);
  private final AtomicInteger queries = new AtomicInteger();
  private final HighestId highest =
      new HighestId(() -> {
        queries.incrementAndGet();
        return table.get();
      });

  @Test
  void newRowIsAlwaysFound() {
    for (int i = 0; i < 20; i++) {
      assertThat(highest.mayExist(table.get() + 1)).isFalse();
      assertThat(highest.mayExist(table.incrementAndGet())).isTrue();
    }
  }

  @Test
  void newRowIsFoundDuringFlood() throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> unknown = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        long id = 200 + i;
        unknown.add(clients.submit(() -> highest.mayExist(id)));
      }
      assertThat(highest.mayExist(table.incrementAndGet())).isTrue();
      for (Future<Boolean> answer : unknown) {
        assertThat(answer.get()).isFalse();
      }
    }
    assertThat(queries.get()).isLessThan(200);
  }

  @Test
  void idsOutOfReachShareOneQuery() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(highest.mayExist(Long.MAX_VALUE - i)).isFalse();
    }
    assertThat(queries.get()).isLessThan(5);
  }
}
