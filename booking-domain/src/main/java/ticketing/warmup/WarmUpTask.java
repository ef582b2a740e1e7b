package ticketing.warmup;

/// Synthetic work on one hot path. It leaves no row, message or metric and affects no event.
public interface WarmUpTask {

  /// Name in the log.
  String name();

  /// Allocates what the runs use.
  default void open() throws Exception {}

  /// Runs the path once. Called by several threads.
  void run() throws Exception;

  /// Removes what the runs left. Called once after the last run, also if [#open] failed.
  default void close() throws Exception {}
}
