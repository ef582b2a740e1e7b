# Settings that several services share, by the variables of their application.yaml. Secrets are named by ARN; the
# instance reads them at every start of the application.

locals {
  common_environment = merge({
    SPRING_PROFILES_ACTIVE    = "aws"
    AWS_REGION                = var.region
    TICKETING_REDIS_ADDRESSES = local.cache_addresses
    TICKETING_LOG_FORMAT      = "ecs" # one JSON object a line
    # The operating system, Docker and the agent need the rest of 2 GB. docker/start passes this value to Java.
    JAVA_OPTS = "-XX:MaxRAMPercentage=55"
  }, local.cache_clustered ? { TICKETING_REDIS_CLUSTER = "true" } : {})

  common_secrets = { TICKETING_REDIS_PASSWORD = aws_secretsmanager_secret.written["redis"].arn }

  # No password here: the JDBC wrapper reads it, and reads it again after a rotation.
  database_environment = {
    TICKETING_DATABASE_URL        = local.database_url
    TICKETING_DATABASE_SECRET_ARN = aws_secretsmanager_secret.database.arn
    TICKETING_DATABASE_POOL       = tostring(local.database_pool)
    TICKETING_MIGRATION_MODE      = "VALIDATE"
  }
}
