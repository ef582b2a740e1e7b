package ticketing.ingress;

/// A user as they see themselves, and as they lie in Redis under `user:{userId}`.
record User(String userId, String email, String name, String role) {}
