# Phase 2: 2-50 instances of each service, a writer and three readers, three shards with two replicas each.
# Replace the sizes in terraform.tfvars by these lines. See docs/how-to/scale-up.md.

ingress_api    = { min = 2, max = 50, instance_type = "t4g.medium" }
booking_worker = { min = 2, max = 50, instance_type = "t4g.medium" }
notifier       = { min = 2, max = 50, instance_type = "t4g.medium" }

database_instance_class = "db.r7g.large"
database_readers        = 3
# db.r7g.large supports 1,000 connections, which 50 instances of each service share.
database_connections_warning = 1000

cache_node_type = "cache.t4g.medium"
cache_cluster   = { shards = 3, replicas = 2 }

nat_gateway_zones = ["a", "c"]
monthly_budget    = 3000
