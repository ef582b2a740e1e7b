# Options of the public edge.

mock_provider "aws" { source = "./tests/mocks" }

run "options_are_off_by_default" {
  command = plan

  assert {
    condition     = length(aws_wafv2_web_acl.main) == 0 && length(aws_flow_log.refused) == 0 && length(aws_lb.main.access_logs) == 0 && length(aws_lb.main.minimum_load_balancer_capacity) == 0
    error_message = "The default has no firewall, no logs and no reserved capacity."
  }

  assert {
    condition     = alltrue([for instance in aws_rds_cluster_instance.main : !instance.performance_insights_enabled])
    error_message = "Burstable classes have no Performance Insights."
  }
}

run "rate_rule_and_logs_are_options" {
  command = plan

  variables {
    web_requests_per_address = 3000
    log_bucket               = "my-logs"
    database_instance_class  = "db.r7g.large"
    on_sales                 = [{ at = timeadd(formatdate("YYYY-MM-DD'T'hh:mm:00Z", timestamp()), "6h"), min = 12, load_balancer_units = 500 }]
  }

  assert {
    condition     = one([for rule in aws_wafv2_web_acl.main[0].rule : one(rule.statement[0].rate_based_statement).limit]) == 3000 && length(aws_wafv2_web_acl_association.main) == 1
    error_message = "3000 requests a minute of an address."
  }

  assert {
    condition     = one(aws_lb.main.access_logs).bucket == "my-logs" && aws_flow_log.refused[0].log_destination == "arn:aws:s3:::my-logs/flow/" && aws_flow_log.refused[0].traffic_type == "REJECT"
    error_message = "Both logs are in the bucket."
  }

  assert {
    condition     = alltrue([for instance in aws_rds_cluster_instance.main : instance.performance_insights_enabled])
    error_message = "Other classes have Performance Insights."
  }

  assert {
    condition     = one(aws_lb.main.minimum_load_balancer_capacity).capacity_units == 500
    error_message = "An on-sale within 24 hours reserves load balancer capacity."
  }
}

run "a_distant_on_sale_reserves_no_capacity" {
  command = plan

  variables {
    on_sales = [{ at = "2099-03-01T11:00:00Z", min = 12, load_balancer_units = 500 }]
  }

  assert {
    condition     = length(aws_lb.main.minimum_load_balancer_capacity) == 0
    error_message = "The reservation is billed by the hour."
  }
}

run "refuses_a_reservation_below_the_minimum" {
  command = plan

  variables {
    on_sales = [{ at = "2099-03-01T11:00:00Z", min = 12, load_balancer_units = 50 }]
  }

  expect_failures = [var.on_sales]
}
