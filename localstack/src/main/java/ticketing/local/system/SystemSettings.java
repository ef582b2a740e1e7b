package ticketing.local.system;

import java.nio.file.Path;
import java.util.Map;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.servers.ServerSettings;

/// What runs where. A port of 0 means a free one.
///
/// @param checkout where the jars of the applications are found, under `<module>/target`
/// @param workers booking-worker processes, 1 to 8
/// @param workerManagementPort of the first worker; the next ones count up
/// @param environment added to that of every application
/// @param environments added to that of one application, by its name (`booking-worker-2`)
public record SystemSettings(
    ServerSettings servers,
    Path checkout,
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

  /// One worker, free ports, nothing kept but logs.
  public static SystemSettings in(Path folder) {
    return new SystemSettings(
        ServerSettings.in(folder), ProjectRoot.root(), 1, 0, 0, 0, 0, 0, Map.of(), Map.of());
  }

  public SystemSettings withWorkers(int count) {
    return new SystemSettings(
        servers,
        checkout,
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
        checkout,
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
        checkout,
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
        checkout,
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
