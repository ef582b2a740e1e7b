# Options of the public edge: rate rules of a web application firewall, and logs of requests and of refused packets.

resource "aws_wafv2_web_acl" "main" {
  #checkov:skip=CKV_AWS_192:No service contains Log4j Core
  #checkov:skip=CKV2_AWS_31:Counters and sampled requests suffice; access logs of the load balancer have all requests

  count = var.web_requests_per_address == null ? 0 : 1

  name        = local.name
  description = "Rate rules in front of the load balancer"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  # The services have their own limits for each account and address. This rule refuses floods that would only cost capacity.
  rule {
    name     = "requests-per-address"
    priority = 1

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit                 = var.web_requests_per_address
        evaluation_window_sec = 60
        aggregate_key_type    = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${local.name}-requests-per-address"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.name
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "main" {
  count = var.web_requests_per_address == null ? 0 : 1

  resource_arn = aws_lb.main.arn
  web_acl_arn  = aws_wafv2_web_acl.main[0].arn
}

resource "aws_flow_log" "refused" {
  # Refused packets only: a log of every packet costs more than the instances.
  count = var.log_bucket == null ? 0 : 1

  vpc_id               = aws_vpc.main.id
  traffic_type         = "REJECT"
  log_destination_type = "s3"
  log_destination      = "arn:${data.aws_partition.current.partition}:s3:::${var.log_bucket}/flow/"

  tags = { Name = local.name }
}
