# Settings that several services share. None of them is a secret: those are named by their ARN.

locals {
  common_environment = merge({
    SPRING_PROFILES_ACTIVE     = "aws"
    AWS_REGION                 = var.region
    TICKETING_REDIS_ADDRESSES  = local.cache_addresses
    TICKETING_REDIS_SECRET_ARN = aws_secretsmanager_secret.redis.arn
  }, local.cache_clustered ? { TICKETING_REDIS_CLUSTER = "true" } : {})

  database_environment = {
    TICKETING_DATABASE_URL        = local.database_url
    TICKETING_DATABASE_READER_URL = local.database_reader_url
    TICKETING_DATABASE_USER       = aws_rds_cluster.main.master_username
    TICKETING_DATABASE_SECRET_ARN = local.database_secret_arn
    TICKETING_DATABASE_POOL       = tostring(local.database_pool)
  }
}
