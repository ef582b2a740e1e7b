# Phase 1: 2-20 instances of each service, a writer and a reader, a primary and a replica. These values equal the
# defaults. Add domain_name and hosted_zone_id.

ingress_api    = { min = 2, max = 20, instance_type = "t4g.small" }
booking_worker = { min = 2, max = 20, instance_type = "t4g.small" }
notifier       = { min = 2, max = 20, instance_type = "t4g.small" }

database_instance_class = "db.t4g.medium"
database_readers        = 1

cache_node_type = "cache.t4g.micro"
cache_cluster   = null
