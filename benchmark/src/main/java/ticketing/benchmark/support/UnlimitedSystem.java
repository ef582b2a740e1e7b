package ticketing.benchmark.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.springframework.util.FileSystemUtils;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// System without the rate limits of addresses, because all clients of a benchmark have one
/// address, and without that of sign-ins to an account.
public final class UnlimitedSystem {

  /// Value of a rate limit without effect.
  public static final String UNLIMITED = "100000000";

  private UnlimitedSystem() {}

  /// Starts the system from AOT caches. It is ready on return.
  ///
  /// @param folder work folder, whose content is deleted
  /// @param jvmOptions of all applications, in addition to [ImageOptions]
  /// @param environment further environment variables of all applications
  public static LocalSystem start(Path folder, String jvmOptions, Map<String, String> environment)
      throws IOException {
    FileSystemUtils.deleteRecursively(folder);
    LocalSystem.makeCaches();
    Map<String, String> all = new HashMap<>(environment);
    all.put("_JAVA_OPTIONS", ImageOptions.TEXT + " " + jvmOptions);
    all.put("TICKETING_RATES_SIGN_IN_ACCOUNT_TOKENS", UNLIMITED);
    all.put("TICKETING_RATES_ADDRESS_PER_SECOND", UNLIMITED);
    all.put("TICKETING_RATES_ADDRESS_BURST", UNLIMITED);
    return LocalSystem.start(
        SystemSettings.in(Files.createDirectories(folder)).withEnvironment(all));
  }
}
