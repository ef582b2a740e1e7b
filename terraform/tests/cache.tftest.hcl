# Cache: primary and replica, or shards with replicas.

mock_provider "aws" { source = "./tests/mocks" }

run "primary_and_replica_fail_over_automatically" {
  assert {
    condition     = aws_elasticache_replication_group.main.num_cache_clusters == 2 && aws_elasticache_replication_group.main.preferred_cache_cluster_azs == tolist(["ap-northeast-2a", "ap-northeast-2c"])
    error_message = "The primary in 2a, the replica in 2c."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.automatic_failover_enabled && aws_elasticache_replication_group.main.multi_az_enabled
    error_message = "The replica takes over automatically."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.cluster_mode == "disabled" && aws_elasticache_replication_group.main.replication_group_id == "ticketing-redis"
    error_message = "One shard, without cluster mode."
  }

  assert {
    condition     = aws_elasticache_subnet_group.main.subnet_ids == toset([for subnet in aws_subnet.private : subnet.id]) && aws_elasticache_replication_group.main.subnet_group_name == aws_elasticache_subnet_group.main.name
    error_message = "The cache is in the private subnets."
  }
}

run "valkey_evicts_the_least_recently_used" {
  assert {
    condition     = aws_elasticache_replication_group.main.engine == "valkey" && aws_elasticache_replication_group.main.engine_version == "8.1" && aws_elasticache_replication_group.main.node_type == "cache.t4g.micro" && aws_elasticache_replication_group.main.port == 6379
    error_message = "Valkey 8.1 on cache.t4g.micro, port 6379."
  }

  assert {
    condition     = aws_elasticache_parameter_group.main.family == "valkey8" && { for parameter in aws_elasticache_parameter_group.main.parameter : parameter.name => parameter.value } == { maxmemory-policy = "allkeys-lru" }
    error_message = "allkeys-lru."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.parameter_group_name == aws_elasticache_parameter_group.main.name
    error_message = "The parameters are in use."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.snapshot_retention_limit == 0 && aws_elasticache_replication_group.main.maintenance_window == "sat:20:00-sat:21:00"
    error_message = "No snapshots; maintenance after the database's."
  }
}

run "clients_use_tls_and_a_token" {
  assert {
    condition     = aws_elasticache_replication_group.main.transit_encryption_enabled && aws_elasticache_replication_group.main.at_rest_encryption_enabled
    error_message = "Encrypted on the way and at rest."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.auth_token_wo_version == 1 && aws_elasticache_replication_group.main.auth_token_update_strategy == "ROTATE"
    error_message = "A token is required. Both tokens are valid during a rotation."
  }

  assert {
    condition     = !strcontains(jsonencode(aws_elasticache_replication_group.main), "CacheTokenCacheTokenCacheToken01")
    error_message = "The token is not in the plan or the state."
  }

  assert {
    condition = alltrue([for service in [module.ingress_api, module.booking_worker, module.notifier] :
      strcontains(service.user_data, "TICKETING_REDIS_ADDRESSES=rediss://master.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379\n")
      && !strcontains(service.user_data, "TICKETING_REDIS_CLUSTER")
      && !strcontains(service.user_data, "CacheTokenCacheTokenCacheToken01")
    ])
    error_message = "All three services use the primary with TLS, and no user data contains the token."
  }
}

run "higher_version_rotates_the_token" {
  command = plan

  variables {
    cache_token_version = 2
  }

  assert {
    condition     = aws_elasticache_replication_group.main.auth_token_wo_version == 2
    error_message = "The cache receives the token of the new version."
  }
}

run "cluster_mode_has_shards_with_replicas" {
  variables {
    cache_cluster = { shards = 3, replicas = 2 }
  }

  assert {
    condition     = aws_elasticache_replication_group.main.num_node_groups == 3 && aws_elasticache_replication_group.main.replicas_per_node_group == 2
    error_message = "3 shards, each with 2 replicas."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.cluster_mode == "enabled" && { for parameter in aws_elasticache_parameter_group.main.parameter : parameter.name => parameter.value } == { maxmemory-policy = "allkeys-lru", cluster-enabled = "yes" }
    error_message = "Cluster mode is on in the group and in its parameters."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.replication_group_id == "ticketing-redis-cluster"
    error_message = "It has another id than the old cache."
  }

  assert {
    condition = alltrue([for service in [module.ingress_api, module.booking_worker, module.notifier] :
      strcontains(service.user_data, "TICKETING_REDIS_ADDRESSES=rediss://clustercfg.ticketing-redis.abc123.apn2.cache.amazonaws.com:6379\n") && strcontains(service.user_data, "TICKETING_REDIS_CLUSTER=true\n")
    ])
    error_message = "All three services have the cluster setting."
  }

  assert {
    condition = sort(keys(aws_cloudwatch_metric_alarm.redis_memory)) == sort(flatten([for shard in ["0001", "0002", "0003"] :
      [for node in ["001", "002", "003"] : "ticketing-redis-cluster-${shard}-${node}"]
    ]))
    error_message = "Each of the nine nodes has its alarm."
  }
}

run "refuses_shards_without_replicas" {
  command = plan

  variables {
    cache_cluster = { shards = 3, replicas = 0 }
  }

  expect_failures = [var.cache_cluster]
}
