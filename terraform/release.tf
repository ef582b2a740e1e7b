# Input of terraform/release/release.py. A release starts an instance refresh of one group after another.

locals {
  # An alarm of these ends a refresh, and the group returns to its earlier version.
  release_alarms = {
    ingress-api = concat(
      [for name in ["ingress-api-healthy-hosts", "ingress-api-5xx", "load-balancer-5xx", "ingress-api-below-minimum"] : aws_cloudwatch_metric_alarm.outage[name].alarm_name],
      [aws_cloudwatch_metric_alarm.ingress_api_unhealthy.alarm_name],
    )
    booking-worker = [
      aws_cloudwatch_metric_alarm.outage["booking-worker-below-minimum"].alarm_name,
      aws_cloudwatch_metric_alarm.dead_letters.alarm_name,
      aws_cloudwatch_metric_alarm.queue_age.alarm_name,
    ]
    notifier = concat(
      [for name in ["notifier-healthy-hosts", "notifier-below-minimum"] : aws_cloudwatch_metric_alarm.outage[name].alarm_name],
      [aws_cloudwatch_metric_alarm.notifier_unhealthy.alarm_name],
    )
  }
}

output "release" {
  description = "Services in the order of a release, each with its group, launch template, version, image and alarms."
  value = {
    region = var.region
    migration = {
      launch_template = aws_launch_template.migration.id
      version         = tostring(aws_launch_template.migration.latest_version)
      subnets         = sort([for subnet in aws_subnet.private : subnet.id])
    }
    services = [
      # Workers first: they must understand the commands that a newer ingress-api sends.
      merge(module.booking_worker.release, { service = "booking-worker", alarms = local.release_alarms["booking-worker"] }),
      merge(module.ingress_api.release, { service = "ingress-api", alarms = local.release_alarms["ingress-api"] }),
      merge(module.notifier.release, { service = "notifier", alarms = local.release_alarms["notifier"] }),
    ]
  }
}

output "newest_ami_ids" {
  description = "Newest Amazon Linux 2023 image for each service. Raise ami_id to it deliberately."
  value = {
    booking-worker = module.booking_worker.newest_ami_id
    ingress-api    = module.ingress_api.newest_ami_id
    notifier       = module.notifier.newest_ami_id
  }
}
