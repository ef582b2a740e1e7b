package ticketing.local.system;

import java.nio.file.Path;
import java.util.Map;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.servers.ServerSettings;

/// Settings of a local system. Port 0 means a free port.
///
/// @param projectRoot folder of the modules. Their jars are in `<module>/target`.
/// @param workers booking-worker processes, 1 to 8.
/// @param workerManagementPort port of the first worker. Further workers have the following ports.
/// @param environment environment variables of all applications.
/// @param environments environment variables by application name, such as `booking-worker-2`.
public record SystemSettings(
    ServerSettings servers,
    Path projectRoot,
    int workers,
    int ingressPort,
    int ingressManagementPort,
    int notifierPort,
    int notifierManagementPort,
    int workerManagementPort,
    Map<String, String> environment,
    Map<String, Map<String, String>> environments) {

  public static final int MAX_WORKERS = 8;

  public SystemSettings {
    if (workers < 1 || workers > MAX_WORKERS) {
      throw new IllegalArgumentException("workers must be 1 to " + MAX_WORKERS);
    }
    environment = Map.copyOf(environment);
    environments = Map.copyOf(environments);
  }

  /// One worker and free ports. Only logs remain after the stop.
  public static SystemSettings in(Path folder) {
    return new SystemSettings(
        ServerSettings.in(folder), ProjectRoot.root(), 1, 0, 0, 0, 0, 0, Map.of(), Map.of());
  }

  public SystemSettings withWorkers(int count) {
    return new SystemSettings(
        servers,
        projectRoot,
        count,
        ingressPort,
        ingressManagementPort,
        notifierPort,
        notifierManagementPort,
        workerManagementPort,
        environment,
        environments);
  }

  public SystemSettings withServers(ServerSettings settings) {
    return new SystemSettings(
        settings,
        projectRoot,
        workers,
        ingressPort,
        ingressManagementPort,
        notifierPort,
        notifierManagementPort,
        workerManagementPort,
        environment,
        environments);
  }

  public SystemSettings withEnvironment(Map<String, String> variables) {
    return new SystemSettings(
        servers,
        projectRoot,
        workers,
        ingressPort,
        ingressManagementPort,
        notifierPort,
        notifierManagementPort,
        workerManagementPort,
        variables,
        environments);
  }

  public SystemSettings withEnvironments(Map<String, Map<String, String>> variables) {
    return new SystemSettings(
        servers,
        projectRoot,
        workers,
        ingressPort,
        ingressManagementPort,
        notifierPort,
        notifierManagementPort,
        workerManagementPort,
        environment,
        variables);
  }
}
