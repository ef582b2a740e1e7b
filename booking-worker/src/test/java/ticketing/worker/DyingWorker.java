package ticketing.worker;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import ticketing.domain.BoardEntry;
import ticketing.domain.EventView;
import ticketing.domain.TicketBoard;

/// A worker whose process is gone, as by kill -9, right after its first commit.
class DyingWorker {

  static final int KILLED = 137;

  public static void main(String[] arguments) {
    new SpringApplication(WorkerApplication.class, DiesAfterCommit.class).run(arguments);
  }

  /// Not annotated, so that no other worker of these tests finds it by scanning.
  static class DiesAfterCommit {
    @Bean
    @Primary
    Announcer dyingAnnouncer(TicketBoard board, WorkerMetrics metrics) {
      return new Announcer(board, metrics) {
        @Override
        void announce(
            List<BoardEntry> fresh, List<BoardEntry> known, EventView event, List<Long> changed) {
          Runtime.getRuntime().halt(KILLED);
        }
      };
    }
  }
}
