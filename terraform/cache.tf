locals {
  cache_clustered = var.cache_cluster != null
  # Cluster mode has another id, because the existing cache cannot be converted.
  cache_id         = local.cache_clustered ? "ticketing-redis-cluster" : "ticketing-redis"
  cache_addresses  = "rediss://${local.cache_clustered ? aws_elasticache_replication_group.main.configuration_endpoint_address : aws_elasticache_replication_group.main.primary_endpoint_address}:6379"
  cache_node_count = local.cache_clustered ? var.cache_cluster.shards * (1 + var.cache_cluster.replicas) : 2
  # ElastiCache assigns these names to the nodes.
  cache_nodes = local.cache_clustered ? flatten([
    for shard in range(1, var.cache_cluster.shards + 1) : [
      for node in range(1, var.cache_cluster.replicas + 2) : format("%s-%04d-%03d", local.cache_id, shard, node)
    ]
  ]) : [for node in range(1, 3) : format("%s-%03d", local.cache_id, node)]
}

resource "aws_elasticache_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_elasticache_parameter_group" "main" {
  name        = "${local.name}-valkey8${local.cache_clustered ? "-cluster" : ""}"
  family      = "valkey8"
  description = "Ticketing"

  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }

  dynamic "parameter" {
    for_each = local.cache_clustered ? ["yes"] : []
    content {
      name  = "cluster-enabled"
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_elasticache_replication_group" "main" {
  #checkov:skip=CKV_AWS_191:Encrypted with the AWS managed key; the cache has no durable data
  #checkov:skip=CKV_AWS_31:The token is write-only (auth_token_wo), which checkov does not know

  replication_group_id = local.cache_id
  description          = "Cache, lock and status store"
  engine               = "valkey"
  engine_version       = "8.1"
  node_type            = var.cache_node_type
  port                 = 6379
  parameter_group_name = aws_elasticache_parameter_group.main.name

  # One primary and one replica, or shards with replicas.
  cluster_mode                = local.cache_clustered ? "enabled" : "disabled"
  num_cache_clusters          = local.cache_clustered ? null : 2
  preferred_cache_cluster_azs = local.cache_clustered ? null : [for zone in var.zones : local.zones[zone].name]
  num_node_groups             = local.cache_clustered ? var.cache_cluster.shards : null
  replicas_per_node_group     = local.cache_clustered ? var.cache_cluster.replicas : null
  automatic_failover_enabled  = true
  multi_az_enabled            = true

  subnet_group_name          = aws_elasticache_subnet_group.main.name
  security_group_ids         = [aws_security_group.redis.id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token_wo              = var.cache_token
  auth_token_wo_version      = var.cache_token_version
  auth_token_update_strategy = "ROTATE"

  # No backup: each value can be rebuilt from the database.
  snapshot_retention_limit   = 0
  auto_minor_version_upgrade = true
  apply_immediately          = true
  maintenance_window         = format("%[1]s:%02[2]d:00-%[1]s:%02[3]d:00", local.maintenance_day, var.night_starts_utc + 2, var.night_starts_utc + 3)

  lifecycle {
    create_before_destroy = true
  }
}
