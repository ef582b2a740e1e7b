# Phase 1, phase 2, and a second region.

mock_provider "aws" { source = "./tests/mocks" }

override_resource {
  target = aws_secretsmanager_secret.access_key[0]
  values = { arn = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:ticketing/access-signing-key-AbCdEf" }
}

run "phase1_file" {
  variables {
    file = "./terraform.tfvars.example"
  }

  module {
    source = "./tests/tfvars"
  }

  assert {
    condition = { for name, value in output.values : name => value if contains(["ingress_api", "booking_worker", "notifier", "database_instance_class", "database_readers", "cache_node_type", "cache_cluster"], name) } == {
      ingress_api             = { min = 2, max = 20, instance_type = "t4g.small" }
      booking_worker          = { min = 2, max = 20, instance_type = "t4g.small" }
      notifier                = { min = 2, max = 20, instance_type = "t4g.micro" }
      database_instance_class = "db.t4g.medium"
      database_readers        = 1
      cache_node_type         = "cache.t4g.micro"
      cache_cluster           = null
    }
    error_message = "Phase 1: 2 to 20, a reader, a primary and a replica."
  }
}

run "phase2_file" {
  variables {
    file = "./phase2.tfvars"
  }

  module {
    source = "./tests/tfvars"
  }
}

run "phase_1_is_the_default" {
  assert {
    condition = { for name, service in { ingress_api = module.ingress_api, booking_worker = module.booking_worker, notifier = module.notifier } : name => {
      min = service.size.min, max = service.size.max, instance_type = service.size.instance_type
    } } == { for name in ["ingress_api", "booking_worker", "notifier"] : name => run.phase1_file.values[name] }
    error_message = "The sizes of terraform.tfvars.example equal the defaults."
  }

  assert {
    condition     = length(aws_rds_cluster_instance.main) == 2 && aws_rds_cluster_instance.main[0].instance_class == run.phase1_file.values.database_instance_class && aws_elasticache_replication_group.main.node_type == run.phase1_file.values.cache_node_type && aws_elasticache_replication_group.main.num_cache_clusters == 2
    error_message = "A writer and a reader, a primary and a replica."
  }
}

run "phase_2_has_50_instances_and_cache_shards" {
  variables {
    ingress_api                  = run.phase2_file.values.ingress_api
    booking_worker               = run.phase2_file.values.booking_worker
    notifier                     = run.phase2_file.values.notifier
    database_instance_class      = run.phase2_file.values.database_instance_class
    database_readers             = run.phase2_file.values.database_readers
    database_connections_warning = run.phase2_file.values.database_connections_warning
    cache_node_type              = run.phase2_file.values.cache_node_type
    cache_cluster                = run.phase2_file.values.cache_cluster
    nat_gateway_zones            = run.phase2_file.values.nat_gateway_zones
    monthly_budget               = run.phase2_file.values.monthly_budget
  }

  assert {
    condition = alltrue([for service in [module.ingress_api, module.booking_worker, module.notifier] :
      service.size == { min = 2, max = 50, desired = 2, instance_type = "t4g.medium" }
    ])
    error_message = "2 to 50 instances."
  }

  assert {
    condition     = aws_rds_cluster_instance.main[*].availability_zone == ["ap-northeast-2a", "ap-northeast-2c", "ap-northeast-2a", "ap-northeast-2c"] && aws_rds_cluster_instance.main[0].instance_class == "db.r7g.large"
    error_message = "A writer and three readers."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.num_node_groups == 3 && aws_elasticache_replication_group.main.replicas_per_node_group == 2 && aws_elasticache_replication_group.main.cluster_mode == "enabled"
    error_message = "Three shards with two replicas each."
  }

  assert {
    condition     = module.booking_worker.environment["TICKETING_DATABASE_POOL"] == "5" && one([for parameter in aws_rds_cluster_parameter_group.main.parameter : parameter.value if parameter.name == "max_connections"]) == "1250"
    error_message = "150 pools of 5 and 200 monitors fit below 1000."
  }

  assert {
    condition     = length(aws_nat_gateway.main) == 2 && aws_budgets_budget.monthly.limit_amount == "3000"
    error_message = "A NAT gateway in each zone, and a budget that fits."
  }
}

run "no_second_region_by_default" {
  assert {
    condition     = length(module.second_region) == 0 && output.geo_routes == null
    error_message = "Off by default."
  }
}

run "first_region_owns_the_shared_validation_record" {
  variables {
    second_region = { region = "us-east-1", load_balancer_dns_name = "virginia.us-east-1.elb.amazonaws.com" }
  }

  assert {
    condition     = keys(aws_route53_record.certificate) == ["tickets.example.com"]
    error_message = "The validation record of a name is in one state, because the destruction of a second owner would delete it."
  }
}

run "locations_resolve_to_the_nearest_region" {
  variables {
    second_region = { region = "us-east-1", load_balancer_dns_name = "virginia.us-east-1.elb.amazonaws.com" }
  }

  assert {
    condition = output.geo_routes == {
      KR = "ticketing-1234567890.ap-northeast-2.elb.amazonaws.com"
      JP = "ticketing-1234567890.ap-northeast-2.elb.amazonaws.com"
      NA = "virginia.us-east-1.elb.amazonaws.com"
      SA = "virginia.us-east-1.elb.amazonaws.com"
      EU = "virginia.us-east-1.elb.amazonaws.com"
    }
    error_message = "KR, JP: Seoul. NA, SA, EU: Virginia."
  }

  assert {
    condition     = one(aws_route53_record.main[0].geolocation_routing_policy).country == "*"
    error_message = "Every other place: Seoul."
  }

  assert {
    condition     = alltrue([for secret in [aws_secretsmanager_secret.access_key[0], aws_secretsmanager_secret.database] : length(secret.replica) == 0])
    error_message = "No key of this region leaves it."
  }
}

run "virginia_file" {
  variables {
    file = "./virginia.tfvars"
  }

  module {
    source = "./tests/tfvars"
  }
}

run "virginia_runs_the_same_configuration" {
  variables {
    region             = run.virginia_file.values.region
    zones              = run.virginia_file.values.zones
    nat_gateway_zones  = run.virginia_file.values.nat_gateway_zones
    vpc_cidr           = run.virginia_file.values.vpc_cidr
    night_starts_utc   = run.virginia_file.values.night_starts_utc
    domain_name        = run.virginia_file.values.domain_name
    shared_domain_name = run.virginia_file.values.shared_domain_name
  }

  assert {
    condition     = { for zone, subnet in aws_subnet.private : subnet.availability_zone => subnet.cidr_block } == { us-east-1a = "10.1.11.0/24", us-east-1b = "10.1.12.0/24" }
    error_message = "Its own network in two of its zones."
  }

  assert {
    condition     = aws_route53_record.main[0].name == "us.tickets.example.com" && aws_acm_certificate.main[0].subject_alternative_names == toset(["tickets.example.com"])
    error_message = "It has its own name, and a certificate for the shared one as well."
  }

  assert {
    condition     = keys(aws_route53_record.certificate) == ["us.tickets.example.com"] && aws_acm_certificate_validation.main[0].validation_record_fqdns == toset(["_a79865eb4cd1a6ab990a45779b4e0b96.tickets.example.com", "_b79865eb4cd1a6ab990a45779b4e0b96.us.tickets.example.com"])
    error_message = "It waits for the record of the shared name and does not manage it."
  }

  assert {
    condition     = [module.ingress_api.role_name, module.notifier.role_name, aws_iam_role.backup.name] == ["ticketing-ec2-role-us-east-1", "ticketing-ec2-role-notifier-us-east-1", "ticketing-backup-role-us-east-1"]
    error_message = "IAM is global, so the roles have other names."
  }

  assert {
    condition     = module.ingress_api.secrets["TICKETING_ACCESS_SIGNING_KEY"] == aws_secretsmanager_secret.access_key[0].arn && module.ingress_api.secrets["TICKETING_TICKET_KEY"] == aws_secretsmanager_secret.written["ticket-key"].arn
    error_message = "It has its own keys of tokens and ticket ids."
  }

  assert {
    condition     = aws_rds_cluster.main.preferred_backup_window == "08:00-08:30"
    error_message = "Maintenance follows the night of Virginia."
  }
}

run "refuses_geo_routing_without_a_zone" {
  command = plan

  variables {
    hosted_zone_id  = null
    certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/own"
    second_region   = { region = "us-east-1", load_balancer_dns_name = "virginia.elb.amazonaws.com" }
  }

  expect_failures = [var.second_region]
}

run "refuses_a_shared_name_as_the_own_name" {
  command = plan

  variables {
    shared_domain_name = "tickets.example.com"
  }

  expect_failures = [var.shared_domain_name]
}
