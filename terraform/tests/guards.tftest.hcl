# An apply without the values of an earlier one fails instead of shrinking the system.

mock_provider "aws" { source = "./tests/mocks" }

variables {
  image_tag = "1.1.0"
}

# The system as phase 2 left it.

override_data {
  target = data.aws_db_instances.existing
  values = { instance_identifiers = ["ticketing-0", "ticketing-1", "ticketing-2", "ticketing-3"] }
}

override_data {
  target = data.aws_db_instance.existing
  values = { db_instance_class = "db.r7g.large" }
}

override_data {
  target = data.aws_resourcegroupstaggingapi_resources.caches
  values = { resource_tag_mapping_list = [{ resource_arn = "arn:aws:elasticache:ap-northeast-2:123456789012:replicationgroup:ticketing-redis-cluster" }] }
}

override_data {
  target = data.aws_nat_gateways.existing
  values = { ids = ["nat-0123456789abcdef0"] }
}

override_data {
  target = data.aws_autoscaling_group.existing
  values = { desired_capacity = 40 }
}

run "phase2_file" {
  variables {
    file = "./phase2.tfvars"
  }

  module {
    source = "./tests/tfvars"
  }
}

run "a_plan_with_the_persistent_values_passes" {
  command = plan

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
    on_sales                     = [{ at = "2099-03-01T11:00:00Z", min = 30 }]
  }

  assert {
    condition     = length(aws_rds_cluster_instance.main) == 4 && length(aws_autoscaling_schedule.notifier) == 2
    error_message = "The on-sale is announced; the readers stay."
  }
}

run "refuses_fewer_readers" {
  command = plan

  variables {
    allow_disruption = ["cache", "fleet", "nat"]
    # The class of the existing instances, so that only their number differs.
    database_instance_class      = "db.r7g.large"
    database_connections_warning = 1000
  }

  expect_failures = [terraform_data.guards]
}

run "refuses_another_instance_class" {
  command = plan

  variables {
    allow_disruption = ["cache", "fleet", "nat"]
    database_readers = 3
  }

  expect_failures = [terraform_data.guards]
}

run "refuses_another_cache" {
  command = plan

  variables {
    allow_disruption = ["database", "fleet", "nat"]
  }

  expect_failures = [terraform_data.guards]
}

run "refuses_a_maximum_below_the_running_instances" {
  command = plan

  variables {
    allow_disruption = ["cache", "database", "nat"]
  }

  expect_failures = [terraform_data.guards]
}

run "refuses_fewer_nat_gateways" {
  command = plan

  variables {
    allow_disruption = ["cache", "database", "fleet"]
  }

  expect_failures = [terraform_data.guards]
}

run "a_confirmed_shrink_passes" {
  command = plan

  variables {
    allow_disruption = ["cache", "database", "fleet", "nat"]
  }

  assert {
    condition     = length(aws_rds_cluster_instance.main) == 2
    error_message = "The operator confirmed each part."
  }
}

run "nat_gateways_grow_before_they_shrink" {
  command = plan

  override_data {
    target = data.aws_nat_gateways.existing["c"]
    values = { ids = [] }
  }

  variables {
    allow_disruption  = ["cache", "database", "fleet", "nat"]
    nat_gateway_zones = ["c"]
  }

  expect_failures = [terraform_data.guards]
}

run "refuses_a_reusable_tag" {
  command = plan

  variables {
    allow_disruption = ["cache", "database", "fleet", "nat"]
    image_tag        = "latest"
    ami_id           = "resolve:ssm:newest"
  }

  expect_failures = [var.image_tag, var.ami_id]
}
