# ingress-api: accepts commands and answers reads. It sends to the queue and does not receive from it.

module "ingress_api" {
  source = "./modules/service"

  project       = local.name
  name          = "ingress-api"
  role_name     = "${local.name}-ec2-role${local.global_suffix}"
  global_suffix = local.global_suffix

  region            = var.region
  subnet_ids        = [for subnet in aws_subnet.private : subnet.id]
  security_group_id = aws_security_group.ec2.id
  target_group_arns = [aws_lb_target_group.ingress_api.arn, aws_lb_target_group.ingress_api_waits.arn]

  image_tag       = var.image_tag
  ami_id          = var.ami_id
  spot            = var.spot_instances
  instance_type   = var.ingress_api.instance_type
  public_port     = 8080
  management_port = 9080
  secrets = merge(local.common_secrets, local.signing_secrets, {
    TICKETING_TICKET_KEY = aws_secretsmanager_secret.written["ticket-key"].arn
  }, local.entry_pass_secrets)
  environment = merge(local.common_environment, local.database_environment, local.access_environment, local.entry_pass_environment, {
    TICKETING_PORT                          = "8080"
    TICKETING_MANAGEMENT_PORT               = "9080"
    TICKETING_DATABASE_READER_URL           = local.database_reader_url
    TICKETING_QUEUE_NAME                    = local.queue_name
    TICKETING_QUEUE_DEAD_LETTERS            = local.dead_letters_name
    TICKETING_RATES_PROXIES                 = tostring(local.proxies)
    TICKETING_ADMIN_EMAIL                   = var.admin_email
    TICKETING_PAGE_URI                      = "https://${var.domain_name}"
    TICKETING_MAIL_TRANSPORT                = var.mail_sender == "" ? "LOG" : "SES"
    TICKETING_MAIL_SENDER                   = var.mail_sender == "" ? "ticketing@localhost" : var.mail_sender
    TICKETING_ACCOUNTS_REQUIRE_CONFIRMATION = tostring(var.require_confirmation)
    TICKETING_POSTERS_STORE                 = "S3"
    TICKETING_POSTERS_BUCKET                = aws_s3_bucket.posters.bucket
    # SQS reports the backlog itself. Reading it every 10 s would be billed.
    TICKETING_OPERATIONS_QUEUE_METRICS_INTERVAL = "0s"
  })

  statements = concat([
    {
      sid       = "SendBookings"
      actions   = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]
      resources = [aws_sqs_queue.bookings.arn]
    },
    {
      # List, discard and redrive dead letters. A redrive runs with the permissions of the caller: SQS receives and
      # deletes here, and sends to the bookings queue.
      sid = "RedriveDeadLetters"
      actions = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ListMessageMoveTasks",
        "sqs:ReceiveMessage",
        "sqs:StartMessageMoveTask",
      ]
      resources = [aws_sqs_queue.dead_letters.arn]
    },
    {
      sid       = "ReadDatabasePassword"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [aws_secretsmanager_secret.database.arn]
    },
    {
      sid       = "StorePosters"
      actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      resources = ["${aws_s3_bucket.posters.arn}/posters/*"]
    },
    {
      # Without it, S3 answers 403 instead of 404 for a missing object.
      sid       = "FindPosters"
      actions   = ["s3:ListBucket"]
      resources = [aws_s3_bucket.posters.arn]
    },
    ], [for sender in compact([var.mail_sender]) : {
      sid       = "SendMails"
      actions   = ["ses:SendEmail"]
      resources = ["arn:aws:ses:${var.region}:${local.account}:identity/*"]
  }])
  session_manager     = var.session_manager
  log_retention_days  = var.log_retention_days
  application_metrics = var.application_metrics

  min_size         = local.min_now["ingress-api"]
  max_size         = var.ingress_api.max
  desired_capacity = local.min_now["ingress-api"]

  # A long poll takes up to 20 s.
  longest_work_seconds  = 20
  leave_seconds         = local.deregistration_seconds.ingress_api
  stop_timeout_seconds  = 30
  drain_timeout_seconds = 120
}

# Scaling: +2 above 70 % CPU for 2 minutes, -1 below 20 % for 5 minutes, and by requests

resource "aws_autoscaling_policy" "ingress_api_out" {
  name                      = "${local.name}-ingress-api-out"
  autoscaling_group_name    = module.ingress_api.group_name
  policy_type               = "StepScaling"
  adjustment_type           = "ChangeInCapacity"
  metric_aggregation_type   = "Average"
  estimated_instance_warmup = 120

  step_adjustment {
    scaling_adjustment          = 2
    metric_interval_lower_bound = 0
  }
}

resource "aws_autoscaling_policy" "ingress_api_in" {
  # Simple scaling: one instance every five minutes while the alarm is active.
  name                   = "${local.name}-ingress-api-in"
  autoscaling_group_name = module.ingress_api.group_name
  policy_type            = "SimpleScaling"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = -1
  cooldown               = 300
}

resource "aws_autoscaling_policy" "ingress_api_requests" {
  name                      = "${local.name}-ingress-api-requests"
  autoscaling_group_name    = module.ingress_api.group_name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 120

  target_tracking_configuration {
    target_value = var.requests_per_target
    # Only the CPU rule removes instances, so that the two rules do not alternate.
    disable_scale_in = true

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.ingress_api.arn_suffix}"
    }
  }
}

resource "aws_autoscaling_schedule" "ingress_api" {
  for_each = local.prewarm["ingress-api"]

  scheduled_action_name  = "${local.name}-on-sale-${each.key}"
  autoscaling_group_name = module.ingress_api.group_name
  start_time             = each.value.at
  min_size               = each.value.min
  max_size               = -1
  desired_capacity       = -1
}

# Alarms

resource "aws_cloudwatch_metric_alarm" "ingress_api_cpu_high" {
  alarm_name          = "${local.name}-ingress-api-cpu-high"
  alarm_description   = "Warning: CPU of ingress-api above 70 % for 2 minutes; two instances are added."
  namespace           = local.host_metrics.namespace
  metric_name         = local.host_metrics.cpu
  dimensions          = { AutoScalingGroupName = module.ingress_api.group_name, cpu = "cpu-total" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 70
  treat_missing_data  = "missing"
  alarm_actions       = [aws_autoscaling_policy.ingress_api_out.arn, aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "ingress_api_cpu_low" {
  alarm_name          = "${local.name}-ingress-api-cpu-low"
  alarm_description   = "CPU of ingress-api below 20 % for 5 minutes; one instance is removed. No notification."
  namespace           = local.host_metrics.namespace
  metric_name         = local.host_metrics.cpu
  dimensions          = { AutoScalingGroupName = module.ingress_api.group_name, cpu = "cpu-total" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 20
  treat_missing_data  = "missing"
  alarm_actions       = [aws_autoscaling_policy.ingress_api_in.arn]
}

resource "aws_cloudwatch_metric_alarm" "ingress_api_unhealthy" {
  alarm_name          = "${local.name}-ingress-api-unhealthy-hosts"
  alarm_description   = "Critical: an instance of ingress-api does not answer /readyz."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.ingress_api.arn_suffix }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn, aws_sns_topic.page.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "ingress_api_response_time" {
  alarm_name          = "${local.name}-ingress-api-response-time"
  alarm_description   = "Warning: average response time of ingress-api above 100 ms, without long polls."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = aws_lb.main.arn_suffix, TargetGroup = aws_lb_target_group.ingress_api.arn_suffix }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

output "ingress_api_repository" {
  description = "Repository of the image of ingress-api."
  value       = module.ingress_api.repository_url
}
