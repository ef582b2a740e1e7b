package ticketing.local.servers.junit;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import ticketing.local.servers.Containers;
import ticketing.local.servers.ExternalServers;

/// Skips all tests of `mvn verify -Pdocker` where there is no Docker engine, and says so once.
public final class DockerEngineCondition implements ExecutionCondition {

  static final String SENTENCE =
      "No Docker engine answers, so the tests of -Pdocker are skipped;"
          + " `mvn verify` without it needs none.";

  private static final ConditionEvaluationResult RESULT = evaluate();

  private static ConditionEvaluationResult evaluate() {
    if (!ExternalServers.inContainers() || Containers.available()) {
      return ConditionEvaluationResult.enabled("a Docker engine answers, or none is needed");
    }
    System.err.println(SENTENCE);
    return ConditionEvaluationResult.disabled(SENTENCE);
  }

  static boolean isMet() {
    return !RESULT.isDisabled();
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return RESULT;
  }
}
