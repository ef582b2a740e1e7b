package ticketing.worker.foreign;

/// Stands for a type of the worker, on which the ingress API must not depend.
public interface Decider {
  void decide();
}
