resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch cannot publish to a topic with the AWS managed key; the messages contain names of alarms only

  name = "${local.name}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndBudgetsPublish"
      Effect    = "Allow"
      Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

locals {
  # Metrics of the CloudWatch agent on each instance (modules/service).
  host_metrics = {
    namespace = "Ticketing"
    cpu       = "cpu_usage_active"
    memory    = "mem_used_percent"
  }
  database_roles = toset(["WRITER", "READER"])
  group_names = {
    ingress-api    = module.ingress_api.group_name
    booking-worker = module.booking_worker.group_name
    notifier       = module.notifier.group_name
  }
}

# Alarms of shared resources. The alarms of a service are in its service_*.tf.

resource "aws_cloudwatch_metric_alarm" "database_cpu" {
  for_each = local.database_roles

  alarm_name          = "${local.name}-database-${lower(each.key)}-cpu"
  alarm_description   = "Critical: CPU of a database ${lower(each.key)} above 90 %."
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBClusterIdentifier = aws_rds_cluster.main.cluster_identifier, Role = each.key }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn, aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "database_connections" {
  for_each = local.database_roles

  alarm_name          = "${local.name}-database-${lower(each.key)}-connections"
  alarm_description   = "Warning: more than ${var.database_connections_warning} connections to a database ${lower(each.key)}."
  namespace           = "AWS/RDS"
  metric_name         = "DatabaseConnections"
  dimensions          = { DBClusterIdentifier = aws_rds_cluster.main.cluster_identifier, Role = each.key }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.database_connections_warning
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "redis_memory" {
  for_each = toset(local.cache_nodes)

  alarm_name          = "${local.name}-redis-memory-${trimprefix(each.key, "${local.cache_id}-")}"
  alarm_description   = "Critical: a cache node uses more than 90 % of its memory."
  namespace           = "AWS/ElastiCache"
  metric_name         = "DatabaseMemoryUsagePercentage"
  dimensions          = { CacheClusterId = each.key }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn, aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "queue_age" {
  alarm_name          = "${local.name}-queue-age"
  alarm_description   = "Critical: the oldest queued booking is older than ${var.queue_age_alarm_seconds} s."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.bookings.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.queue_age_alarm_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn, aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${local.name}-dead-letters"
  alarm_description   = "Critical: the dead-letter queue contains a booking that could not be decided."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn, aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# Dashboard

locals {
  target_groups = {
    ingress-api = aws_lb_target_group.ingress_api.arn_suffix
    notifier    = aws_lb_target_group.notifier.arn_suffix
  }

  # Title => metrics and threshold.
  widgets = [
    {
      title   = "EC2 CPU (%)"
      metrics = [for service, group in local.group_names : [local.host_metrics.namespace, local.host_metrics.cpu, "AutoScalingGroupName", group, "cpu", "cpu-total", { label = service }]]
      stat    = "Average"
      line    = { label = "scale up", value = 70 }
    },
    {
      title   = "EC2 memory (%)"
      metrics = [for service, group in local.group_names : [local.host_metrics.namespace, local.host_metrics.memory, "AutoScalingGroupName", group, { label = service }]]
      stat    = "Maximum"
      line    = { label = "warning", value = 80 }
    },
    {
      title = "ALB requests per minute, in all and per instance"
      metrics = concat(
        [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", aws_lb.main.arn_suffix, { label = "all" }]],
        [for service, group in local.target_groups : ["AWS/ApplicationELB", "RequestCountPerTarget", "LoadBalancer", aws_lb.main.arn_suffix, "TargetGroup", group, { label = service }]],
      )
      stat = "Sum"
      line = { label = "scale up", value = var.requests_per_target }
    },
    {
      title   = "Target response time (s)"
      metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", aws_lb.main.arn_suffix, "TargetGroup", local.target_groups["ingress-api"], { label = "ingress-api" }]]
      stat    = "Average"
      line    = { label = "warning", value = 0.1 }
    },
    {
      title   = "Unhealthy hosts"
      metrics = [for service, group in local.target_groups : ["AWS/ApplicationELB", "UnHealthyHostCount", "LoadBalancer", aws_lb.main.arn_suffix, "TargetGroup", group, { label = service }]]
      stat    = "Maximum"
      line    = { label = "critical above", value = 0 }
    },
    {
      title   = "Database connections"
      metrics = [for role in local.database_roles : ["AWS/RDS", "DatabaseConnections", "DBClusterIdentifier", aws_rds_cluster.main.cluster_identifier, "Role", role, { label = lower(role) }]]
      stat    = "Maximum"
      line    = { label = "warning", value = var.database_connections_warning }
    },
    {
      title   = "Database CPU (%)"
      metrics = [for role in local.database_roles : ["AWS/RDS", "CPUUtilization", "DBClusterIdentifier", aws_rds_cluster.main.cluster_identifier, "Role", role, { label = lower(role) }]]
      stat    = "Maximum"
      line    = { label = "critical", value = 90 }
    },
    {
      title   = "Cache hit rate (%)"
      metrics = [for node in local.cache_nodes : ["AWS/ElastiCache", "CacheHitRate", "CacheClusterId", node, { label = node }]]
      stat    = "Average"
      line    = { label = "wanted above", value = 90 }
    },
    {
      title   = "Cache memory (%)"
      metrics = [for node in local.cache_nodes : ["AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "CacheClusterId", node, { label = node }]]
      stat    = "Maximum"
      line    = { label = "critical", value = 90 }
    },
    {
      title = "Bookings waiting, in flight, dead"
      metrics = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.queue_name, { label = "waiting" }],
        ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", local.queue_name, { label = "in flight" }],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.dead_letters_name, { label = "dead letters" }],
      ]
      stat = "Maximum"
      line = { label = "two workers' target", value = 2 * local.backlog_per_worker }
    },
    {
      title = "Oldest waiting booking (s)"
      metrics = [
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", local.queue_name, { label = "oldest" }],
        ["AWS/SQS", "ApproximateAgeOfOldestMessageInQuietGroups", "QueueName", local.queue_name, { label = "oldest of a quiet event" }],
      ]
      stat = "Maximum"
      line = { label = "critical", value = var.queue_age_alarm_seconds }
    },
    {
      title   = "Instances in service"
      metrics = [for service, group in local.group_names : ["AWS/AutoScaling", "GroupInServiceInstances", "AutoScalingGroupName", group, { label = service }]]
      stat    = "Average"
      line    = { label = "least", value = 2 }
    },
  ]
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = 8 * (index % 3)
      y      = 6 * floor(index / 3)
      width  = 8
      height = 6
      properties = {
        title       = widget.title
        region      = var.region
        view        = "timeSeries"
        period      = 60
        stat        = widget.stat
        metrics     = widget.metrics
        yAxis       = { left = { min = 0 } }
        annotations = { horizontal = [widget.line] }
      }
    }]
  })
}

# Budget

resource "aws_budgets_budget" "monthly" {
  name         = "${local.name}${local.global_suffix}"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_unit   = "USD"
  limit_amount = tostring(var.monthly_budget)

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    notification_type         = "ACTUAL"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    notification_type         = "FORECASTED"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }
}
