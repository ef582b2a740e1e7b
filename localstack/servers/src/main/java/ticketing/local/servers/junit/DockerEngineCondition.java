package ticketing.local.servers.junit;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import ticketing.local.servers.Containers;
import ticketing.local.servers.ExternalServers;

/// Skips the tests of `mvn verify -Pdocker` without a Docker engine, and prints the reason once.
public final class DockerEngineCondition implements ExecutionCondition {

  private static final String REASON =
      "No Docker engine responds, so the tests of -Pdocker are skipped."
          + " `mvn verify` without this profile needs no Docker engine.";

  private static final ConditionEvaluationResult RESULT = evaluate();

  private static ConditionEvaluationResult evaluate() {
    if (!ExternalServers.inContainers() || Containers.available()) {
      return ConditionEvaluationResult.enabled("a Docker engine responds or is not needed");
    }
    System.err.println(REASON);
    return ConditionEvaluationResult.disabled(REASON);
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return RESULT;
  }
}
