package ticketing.local.servers.junit;

import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/// [DockerEngineCondition] for the properties of jqwik, an engine that asks no condition of
/// JUnit's.
public final class DockerEngineHook implements SkipExecutionHook {

  @Override
  public SkipResult shouldBeSkipped(LifecycleContext context) {
    return DockerEngineCondition.isMet()
        ? SkipResult.doNotSkip()
        : SkipResult.skip(DockerEngineCondition.REASON);
  }

  @Override
  public PropagationMode propagateTo() {
    return PropagationMode.ALL_DESCENDANTS;
  }
}
