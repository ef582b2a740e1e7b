package ticketing.benchmark.peer;

import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/// Booking service that decides within the request: Spring MVC, JPA, and either a row lock or a
/// Redisson lock for each booking. It has no queue, no authentication and no ledger. It is the
/// usual design of comparable projects, on the versions of this one.
@SpringBootApplication
class PeerApplication {

  public static void main(String[] arguments) {
    SpringApplication.run(PeerApplication.class, arguments);
  }

  /// Connects when the first booking takes the Redisson lock.
  @Bean(destroyMethod = "shutdown")
  @Lazy
  RedissonClient redisson(@Value("${peer.redis}") String address) {
    Config config = new Config();
    config.useSingleServer().setAddress(address);
    return Redisson.create(config);
  }
}
