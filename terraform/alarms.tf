# Alarms of outages, and the topic that pages. Missing data counts as an outage where a metric exists at all times.

resource "aws_sns_topic" "page" {
  #checkov:skip=CKV_AWS_26:CloudWatch cannot publish to a topic with the AWS managed key; the messages contain names of alarms only

  name = "${local.name}-page"
}

resource "aws_sns_topic_policy" "page" {
  arn = aws_sns_topic.page.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndEventsPublish"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.page.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "page" {
  for_each = var.page_endpoints

  topic_arn = aws_sns_topic.page.arn
  protocol  = "https"
  endpoint  = each.key
}

resource "aws_sns_topic_subscription" "page_email" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.page.arn
  protocol  = "email"
  endpoint  = each.key
}

locals {
  group_minimums = {
    ingress-api    = local.min_now["ingress-api"]
    booking-worker = local.min_now["booking-worker"]
    notifier       = local.min_now["notifier"]
  }
  burstable_database = startswith(var.database_instance_class, "db.t")
  burstable_cache    = startswith(var.cache_node_type, "cache.t")

  # Name => metric, comparison and threshold. `missing` is breaching for a metric that exists at all times.
  outage_alarms = merge(
    { for service, group in local.target_groups : "${service}-healthy-hosts" => {
      description = "no healthy instance of ${service} behind the load balancer"
      namespace   = "AWS/ApplicationELB", metric = "HealthyHostCount", statistic = "Maximum"
      dimensions  = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = group }
      below       = 1, above = null, periods = 2, missing = "breaching"
    } },
    { ingress-api-5xx = {
      description = "instances of ingress-api answer with 5xx"
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum"
      dimensions  = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = local.target_groups["ingress-api"] }
      below       = null, above = var.errors_per_minute, periods = 2, missing = "notBreaching"
    } },
    { load-balancer-5xx = {
      description = "the load balancer answers with 5xx instead of an instance"
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum"
      dimensions  = { LoadBalancer = aws_lb.main.arn_suffix }
      below       = null, above = var.errors_per_minute, periods = 2, missing = "notBreaching"
    } },
    { for service, group in local.group_names : "${service}-below-minimum" => {
      description = "fewer instances of ${service} in service than its minimum"
      namespace   = "AWS/AutoScaling", metric = "GroupInServiceInstances", statistic = "Maximum"
      dimensions  = { AutoScalingGroupName = group }
      below       = local.group_minimums[service], above = null, periods = 5, missing = "breaching"
    } },
    { database-memory = {
      description = "less than ${var.database_free_memory_mib} MiB of free memory on a database instance"
      namespace   = "AWS/RDS", metric = "FreeableMemory", statistic = "Minimum"
      dimensions  = { DBClusterIdentifier = aws_rds_cluster.main.cluster_identifier }
      below       = var.database_free_memory_mib * 1024 * 1024, above = null, periods = 5, missing = "missing"
    } },
    { database-replica-lag = {
      description = "a database reader lags by more than 1 s"
      namespace   = "AWS/RDS", metric = "AuroraReplicaLagMaximum", statistic = "Maximum"
      dimensions  = { DBClusterIdentifier = aws_rds_cluster.main.cluster_identifier }
      below       = null, above = 1000, periods = 3, missing = "missing"
    } },
    { for node in local.cache_nodes : "redis-evictions-${trimprefix(node, "${local.cache_id}-")}" => {
      description = "a cache node evicts keys"
      namespace   = "AWS/ElastiCache", metric = "Evictions", statistic = "Sum"
      dimensions  = { CacheClusterId = node }
      below       = null, above = 0, periods = 2, missing = "missing"
    } },
    { for node in local.cache_nodes : "redis-cpu-${trimprefix(node, "${local.cache_id}-")}" => {
      description = "the engine of a cache node uses more than 80 % of its CPU"
      namespace   = "AWS/ElastiCache", metric = "EngineCPUUtilization", statistic = "Maximum"
      dimensions  = { CacheClusterId = node }
      below       = null, above = 80, periods = 3, missing = "missing"
    } },
    local.burstable_cache ? { for node in local.cache_nodes : "redis-credits-${trimprefix(node, "${local.cache_id}-")}" => {
      description = "a cache node has few CPU credits left"
      namespace   = "AWS/ElastiCache", metric = "CPUCreditBalance", statistic = "Minimum"
      dimensions  = { CacheClusterId = node }
      below       = var.cpu_credits_minimum, above = null, periods = 5, missing = "missing"
    } } : {},
    local.burstable_database ? { database-credits = {
      description = "a database instance has few CPU credits left"
      namespace   = "AWS/RDS", metric = "CPUCreditBalance", statistic = "Minimum"
      dimensions  = { DBClusterIdentifier = aws_rds_cluster.main.cluster_identifier }
      below       = var.cpu_credits_minimum, above = null, periods = 5, missing = "missing"
    } } : {},
  )
}

resource "aws_cloudwatch_metric_alarm" "outage" {
  for_each = local.outage_alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "Critical: ${each.value.description}."
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 60
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.below == null ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.below == null ? each.value.above : each.value.below
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.page.arn]
}

# Failed launches have no metric.

resource "aws_cloudwatch_event_rule" "failed_launches" {
  name        = "${local.name}-failed-launches"
  description = "An auto scaling group could not launch an instance."

  event_pattern = jsonencode({
    source      = ["aws.autoscaling"]
    detail-type = ["EC2 Instance Launch Unsuccessful"]
    detail      = { AutoScalingGroupName = values(local.group_names) }
  })
}

resource "aws_cloudwatch_event_target" "failed_launches" {
  rule = aws_cloudwatch_event_rule.failed_launches.name
  arn  = aws_sns_topic.page.arn
}

resource "aws_db_event_subscription" "database" {
  for_each = {
    db-cluster  = ["failover", "failure", "maintenance"]
    db-instance = ["availability", "failover", "failure", "low storage", "maintenance", "recovery"]
  }

  name             = "${local.name}-${each.key}"
  sns_topic        = aws_sns_topic.page.arn
  source_type      = each.key
  source_ids       = each.key == "db-cluster" ? [aws_rds_cluster.main.cluster_identifier] : [for instance in aws_rds_cluster_instance.main : instance.identifier]
  event_categories = each.value
}
