# booking-worker: the only service that decides. It receives from the queue and does not send to it.

module "booking_worker" {
  source = "./modules/service"

  project       = local.name
  name          = "booking-worker"
  role_name     = "${local.name}-ec2-role-booking-worker${local.global_suffix}"
  global_suffix = local.global_suffix

  region            = var.region
  subnet_ids        = [for subnet in aws_subnet.private : subnet.id]
  security_group_id = aws_security_group.worker.id

  image_tag       = var.image_tag
  ami_id          = var.ami_id
  spot            = var.spot_instances
  instance_type   = var.booking_worker.instance_type
  management_port = 9082
  secrets         = local.common_secrets
  environment = merge(local.common_environment, local.database_environment, {
    TICKETING_MANAGEMENT_PORT     = "9082"
    TICKETING_QUEUE_NAME          = local.queue_name
    TICKETING_QUEUE_DEAD_LETTERS  = local.dead_letters_name
    TICKETING_WORKER_STOP_TIMEOUT = "${local.worker_finish_seconds}s"
  })

  statements = [
    {
      sid = "DrainBookings"
      actions = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
      ]
      resources = [aws_sqs_queue.bookings.arn]
    },
    {
      # Reads dead letters to reject their tickets, and makes them visible again. It deletes those that were
      # revoked or discarded.
      sid = "ReadDeadLetters"
      actions = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
      ]
      resources = [aws_sqs_queue.dead_letters.arn]
    },
    {
      sid       = "ReadDatabasePassword"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [aws_secretsmanager_secret.database.arn]
    },
  ]
  session_manager     = var.session_manager
  log_retention_days  = var.log_retention_days
  application_metrics = var.application_metrics

  min_size         = local.min_now["booking-worker"]
  max_size         = var.booking_worker.max
  desired_capacity = local.min_now["booking-worker"]
  warm_pool        = var.worker_warm_pool

  longest_work_seconds  = local.worker_finish_seconds
  stop_timeout_seconds  = local.worker_stop_seconds
  drain_timeout_seconds = local.worker_drain_seconds
}

locals {
  # Longest message < stop timeout of the worker < SIGKILL < heartbeat of the lifecycle hook. Messages received
  # before SIGTERM are decided and deleted before the instance terminates.
  worker_finish_seconds = var.longest_message_seconds + 10
  worker_stop_seconds   = var.longest_message_seconds + 25
  worker_drain_seconds  = 3 * var.longest_message_seconds + 60
}

# Scaling: target backlog of a worker in messages = target latency x measured rate

locals {
  backlog_per_worker = var.wanted_latency_seconds * var.worker_rate
}

resource "aws_autoscaling_policy" "booking_worker_backlog" {
  name                      = "${local.name}-booking-worker-backlog"
  autoscaling_group_name    = module.booking_worker.group_name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 60

  target_tracking_configuration {
    target_value = local.backlog_per_worker

    customized_metric_specification {
      metrics {
        id          = "waiting"
        label       = "Bookings that wait"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesVisible"

            dimensions {
              name  = "QueueName"
              value = aws_sqs_queue.bookings.name
            }
          }
        }
      }

      metrics {
        id          = "workers"
        label       = "Workers in service"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "AWS/AutoScaling"
            metric_name = "GroupInServiceInstances"

            dimensions {
              name  = "AutoScalingGroupName"
              value = module.booking_worker.group_name
            }
          }
        }
      }

      metrics {
        id          = "backlog"
        label       = "Backlog per worker"
        expression  = "waiting / workers"
        return_data = true
      }
    }
  }
}

resource "aws_autoscaling_schedule" "booking_worker" {
  for_each = local.prewarm["booking-worker"]

  scheduled_action_name  = "${local.name}-on-sale-${each.key}"
  autoscaling_group_name = module.booking_worker.group_name
  start_time             = each.value.at
  min_size               = each.value.min
  max_size               = -1
  desired_capacity       = -1
}

# Alarms

resource "aws_cloudwatch_metric_alarm" "booking_worker_cpu_high" {
  alarm_name          = "${local.name}-booking-worker-cpu-high"
  alarm_description   = "Warning: CPU of booking-worker above 70 % for 2 minutes. Scaling follows the backlog, not the CPU."
  namespace           = local.host_metrics.namespace
  metric_name         = local.host_metrics.cpu
  dimensions          = { AutoScalingGroupName = module.booking_worker.group_name, cpu = "cpu-total" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 70
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

output "booking_worker_repository" {
  description = "Repository of the image of booking-worker."
  value       = module.booking_worker.repository_url
}

output "backlog_per_worker" {
  description = "Target backlog of a worker, in messages: target latency x measured rate / bookings in a message."
  value       = local.backlog_per_worker
}
