package ticketing.status;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Register of the commands that are not sent yet.
///
/// @param lease time without renewal after which the commands of an ingress process may be
///   abandoned; the same in all processes
@ConfigurationProperties("ticketing.send-register")
public record SendRegisterSettings(@DefaultValue("5s") Duration lease) {}
