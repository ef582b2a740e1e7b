package ticketing.local.servers;

import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/// [EngineCondition] for the properties of jqwik, an engine that asks no condition of JUnit's.
public final class EngineHook implements SkipExecutionHook {

  @Override
  public SkipResult shouldBeSkipped(LifecycleContext context) {
    return EngineCondition.isMet()
        ? SkipResult.doNotSkip()
        : SkipResult.skip(EngineCondition.SENTENCE);
  }

  @Override
  public PropagationMode propagateTo() {
    return PropagationMode.ALL_DESCENDANTS;
  }
}
