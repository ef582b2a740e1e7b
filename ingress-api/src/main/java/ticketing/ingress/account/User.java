package ticketing.ingress.account;

import org.jspecify.annotations.Nullable;

/// A user as they see themselves, and as they lie in Redis under `user:{userId}`.
public record User(String userId, @Nullable String email, @Nullable String name, String role) {}
