# Development environment: spot instances, which AWS may reclaim after two minutes. In its own account. Replace the sizes
# in terraform.tfvars by these lines.

spot_instances = true

ingress_api    = { min = 2, max = 2, instance_type = "t4g.small" }
booking_worker = { min = 2, max = 2, instance_type = "t4g.small" }
notifier       = { min = 2, max = 2, instance_type = "t4g.small" }

database_instance_class      = "db.t4g.medium"
database_readers             = 1
database_connections_warning = 400
database_binary_log          = false

cache_node_type = "cache.t4g.micro"
cache_cluster   = null

nat_gateway_zones   = ["a"]
interface_endpoints = []
deletion_protection = false
monthly_budget      = 350
