package ticketing.simulation.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParserTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id FROM events UNION ALL SELECT id FROM tickets FOR UPDATE",
        "SELECT id FROM ((SELECT id FROM events LIMIT 1) FOR UPDATE) e",
        "SELECT id FROM ((SELECT id FROM events FOR UPDATE) FOR UPDATE) e"
      })
  void lockOfAPartIsRefused(String sql) {
    assertThatThrownBy(() -> Parser.parse(sql)).hasMessageContaining("lock of a union");
  }

  @Test
  void lockInParenthesesIsKept() {
    Statement.Select select =
        (Statement.Select) Parser.parse("SELECT id FROM ((SELECT id FROM events FOR UPDATE)) e");
    Statement.Source.Aliased source = (Statement.Source.Aliased) select.source();
    Statement.Union union = (Statement.Union) ((Statement.Source.Derived) source.source()).query();
    assertThat(((Statement.Select) union.parts().getFirst()).locking())
        .isEqualTo(Statement.Locking.WAIT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CASE WHEN COUNT(*) > 0 THEN 1 END",
        "CASE WHEN a = 1 THEN SUM(b) END",
        "CASE WHEN a = 1 THEN b ELSE 1 + MAX(b) END"
      })
  void aggregateWithinCaseIsFound(String expression) {
    assertThat(Parser.parseExpression(expression).containsAggregate()).isTrue();
  }

  @Test
  void caseOfColumnsIsNoAggregate() {
    assertThat(Parser.parseExpression("CASE WHEN a = 1 THEN b ELSE c END").containsAggregate())
        .isFalse();
  }
}
