# notifier: pushes states to WebSocket connections. It has no access to the queue or the database.

module "notifier" {
  source = "./modules/service"

  project       = local.name
  name          = "notifier"
  role_name     = "${local.name}-ec2-role-notifier${local.global_suffix}"
  global_suffix = local.global_suffix

  region            = var.region
  subnet_ids        = [for subnet in aws_subnet.private : subnet.id]
  security_group_id = aws_security_group.notifier.id
  target_group_arns = [aws_lb_target_group.notifier.arn]

  image_tag       = var.image_tag
  ami_id          = var.ami_id
  spot            = var.spot_instances
  instance_type   = var.notifier.instance_type
  public_port     = 8081
  management_port = 9081
  secrets         = local.common_secrets
  environment = merge(local.common_environment, local.access_environment, {
    TICKETING_PORT            = "8081"
    TICKETING_MANAGEMENT_PORT = "9081"
    TICKETING_RATES_PROXIES   = tostring(local.proxies)
    TICKETING_INGRESS_URL     = "https://${var.domain_name}"
    # 40 % of 1 GB hold 10,000 connections of 10 KB three times; the rest is for the JVM, Docker and the agent.
    JAVA_OPTS = "-XX:MaxRAMPercentage=40"
  })

  # Access to its secrets is its only additional permission.
  statements          = []
  session_manager     = var.session_manager
  log_retention_days  = var.log_retention_days
  application_metrics = var.application_metrics

  min_size         = local.min_now["notifier"]
  max_size         = var.notifier.max
  desired_capacity = local.min_now["notifier"]

  # Connections are closed without a delay. Their clients reconnect to another instance.
  longest_work_seconds  = 10
  leave_seconds         = 10
  stop_timeout_seconds  = 30
  drain_timeout_seconds = 120
}

# Scaling: as ingress-api. A request is a WebSocket handshake.

resource "aws_autoscaling_policy" "notifier_out" {
  name                      = "${local.name}-notifier-out"
  autoscaling_group_name    = module.notifier.group_name
  policy_type               = "StepScaling"
  adjustment_type           = "ChangeInCapacity"
  metric_aggregation_type   = "Average"
  estimated_instance_warmup = 120

  step_adjustment {
    scaling_adjustment          = 2
    metric_interval_lower_bound = 0
  }
}

resource "aws_autoscaling_policy" "notifier_in" {
  name                   = "${local.name}-notifier-in"
  autoscaling_group_name = module.notifier.group_name
  policy_type            = "SimpleScaling"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = -1
  cooldown               = 300
}

resource "aws_autoscaling_policy" "notifier_requests" {
  name                      = "${local.name}-notifier-requests"
  autoscaling_group_name    = module.notifier.group_name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 120

  target_tracking_configuration {
    target_value     = var.requests_per_target
    disable_scale_in = true

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.notifier.arn_suffix}"
    }
  }
}

resource "aws_autoscaling_schedule" "notifier" {
  for_each = local.prewarm["notifier"]

  scheduled_action_name  = "${local.name}-on-sale-${each.key}"
  autoscaling_group_name = module.notifier.group_name
  start_time             = each.value.at
  min_size               = each.value.min
  max_size               = -1
  desired_capacity       = -1
}

# Alarms

resource "aws_cloudwatch_metric_alarm" "notifier_cpu_high" {
  alarm_name          = "${local.name}-notifier-cpu-high"
  alarm_description   = "Warning: CPU of notifier above 70 % for 2 minutes; two instances are added."
  namespace           = local.host_metrics.namespace
  metric_name         = local.host_metrics.cpu
  dimensions          = { AutoScalingGroupName = module.notifier.group_name, cpu = "cpu-total" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 70
  treat_missing_data  = "missing"
  alarm_actions       = [aws_autoscaling_policy.notifier_out.arn, aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "notifier_cpu_low" {
  alarm_name          = "${local.name}-notifier-cpu-low"
  alarm_description   = "CPU of notifier below 20 % for 5 minutes; one instance is removed. No notification."
  namespace           = local.host_metrics.namespace
  metric_name         = local.host_metrics.cpu
  dimensions          = { AutoScalingGroupName = module.notifier.group_name, cpu = "cpu-total" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 20
  treat_missing_data  = "missing"
  alarm_actions       = [aws_autoscaling_policy.notifier_in.arn]
}

resource "aws_cloudwatch_metric_alarm" "notifier_unhealthy" {
  alarm_name          = "${local.name}-notifier-unhealthy-hosts"
  alarm_description   = "Critical: an instance of notifier does not answer /readyz."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.notifier.arn_suffix }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn, aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

output "notifier_repository" {
  description = "Repository of the image of notifier."
  value       = module.notifier.repository_url
}
