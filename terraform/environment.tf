# Settings that several services share: exactly what their application.yaml reads. No secret is among them;
# those are named by their ARN, and read on the instance at every start of the application.

locals {
  common_environment = merge({
    SPRING_PROFILES_ACTIVE    = "aws"
    AWS_REGION                = var.region
    TICKETING_REDIS_ADDRESSES = local.cache_addresses
    # Of 2 GB the system, Docker and the agent need their share; docker/start hands this to Java.
    JAVA_OPTS = "-XX:MaxRAMPercentage=55"
  }, local.cache_clustered ? { TICKETING_REDIS_CLUSTER = "true" } : {})

  common_secrets = { TICKETING_REDIS_PASSWORD = aws_secretsmanager_secret.redis.arn }

  # The password is not among them: the JDBC wrapper reads it, and again when it has been changed.
  database_environment = {
    TICKETING_DATABASE_URL        = local.database_url
    TICKETING_DATABASE_SECRET_ARN = local.database_secret_arn
    TICKETING_DATABASE_POOL       = tostring(local.database_pool)
  }
}
