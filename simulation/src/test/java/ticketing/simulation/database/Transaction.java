package ticketing.simulation.database;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Locks and changes of one connection.
final class Transaction {

  final Set<Table.Row> rows = new LinkedHashSet<>();
  @Nullable Transaction waitsFor;
}
