# Scaling of the services.

mock_provider "aws" { source = "./tests/mocks" }

override_resource {
  target = aws_autoscaling_policy.ingress_api_out
  values = { arn = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:ingress-out" }
}

override_resource {
  target = aws_autoscaling_policy.ingress_api_in
  values = { arn = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:ingress-in" }
}

override_resource {
  target = aws_autoscaling_policy.notifier_out
  values = { arn = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:notifier-out" }
}

override_resource {
  target = aws_autoscaling_policy.notifier_in
  values = { arn = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:notifier-in" }
}

override_resource {
  target = aws_lb_target_group.ingress_api
  values = { arn_suffix = "targetgroup/ticketing-ingress-api/1" }
}

override_resource {
  target = aws_lb_target_group.notifier
  values = { arn_suffix = "targetgroup/ticketing-notifier/2" }
}

run "each_service_has_2_to_20_instances" {
  assert {
    condition = alltrue([for service in [module.ingress_api, module.booking_worker] :
      service.size == { min = 2, max = 20, desired = 2, instance_type = "t4g.small" }
    ]) && module.notifier.size == { min = 2, max = 20, desired = 2, instance_type = "t4g.micro" }
    error_message = "2 to 20 of t4g.small or t4g.micro, 2 at first."
  }
}

run "workers_follow_their_backlog" {
  assert {
    condition     = aws_autoscaling_policy.booking_worker_backlog.policy_type == "TargetTrackingScaling" && aws_autoscaling_policy.booking_worker_backlog.autoscaling_group_name == "ticketing-booking-worker"
    error_message = "Target tracking on the workers' group."
  }

  assert {
    condition     = one(aws_autoscaling_policy.booking_worker_backlog.target_tracking_configuration).target_value == 2500 && output.backlog_per_worker == 2500
    error_message = "5 s wanted latency x 500 bookings a second."
  }

  assert {
    condition = [for metric in one(one(aws_autoscaling_policy.booking_worker_backlog.target_tracking_configuration).customized_metric_specification).metrics : {
      id     = metric.id
      shown  = metric.return_data
      from   = coalesce(metric.expression, "metric")
      metric = [for stat in metric.metric_stat : [for source in stat.metric : "${stat.stat} ${source.namespace} ${source.metric_name} ${one(source.dimensions).name}=${one(source.dimensions).value}"]]
      }] == [
      { id = "backlog", shown = true, from = "waiting / workers", metric = [] },
      { id = "waiting", shown = false, from = "metric", metric = [["Average AWS/SQS ApproximateNumberOfMessagesVisible QueueName=ticketing-bookings"]] },
      { id = "workers", shown = false, from = "metric", metric = [["Average AWS/AutoScaling GroupInServiceInstances AutoScalingGroupName=ticketing-booking-worker"]] },
    ]
    error_message = "Visible messages divided by workers in service."
  }

  assert {
    condition     = one(aws_autoscaling_policy.booking_worker_backlog.target_tracking_configuration).disable_scale_in != true && aws_autoscaling_policy.booking_worker_backlog.estimated_instance_warmup == 60
    error_message = "It scales in both directions; a new worker counts after a minute."
  }
}

run "the_target_follows_the_formula" {
  variables {
    worker_rate            = 2000
    wanted_latency_seconds = 3
  }

  assert {
    condition     = one(aws_autoscaling_policy.booking_worker_backlog.target_tracking_configuration).target_value == 6000
    error_message = "Wanted latency x measured rate."
  }
}

run "worker_finishes_messages_before_termination" {
  assert {
    condition     = strcontains(module.booking_worker.user_data, "TICKETING_WORKER_STOP_TIMEOUT=60s\n") && strcontains(module.booking_worker.user_data, "docker stop -t 75 ticketing\n")
    error_message = "Longest message 50 s < stop timeout of the worker 60 s < SIGKILL 75 s."
  }

  assert {
    condition     = module.booking_worker.drain_timeout_seconds == 210
    error_message = "SIGKILL 75 s < the hook's heartbeat 210 s."
  }
}

run "high_cpu_adds_two_instances" {
  assert {
    condition = [for alarm in [aws_cloudwatch_metric_alarm.ingress_api_cpu_high, aws_cloudwatch_metric_alarm.notifier_cpu_high] :
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.AutoScalingGroupName} ${alarm.dimensions.cpu} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold}"] == [
      "Ticketing cpu_usage_active ticketing-ingress-api cpu-total Average 60x2 GreaterThanThreshold 70",
      "Ticketing cpu_usage_active ticketing-notifier cpu-total Average 60x2 GreaterThanThreshold 70",
    ]
    error_message = "CPU above 70 % for two minutes."
  }

  assert {
    condition     = [contains(aws_cloudwatch_metric_alarm.ingress_api_cpu_high.alarm_actions, aws_autoscaling_policy.ingress_api_out.arn), contains(aws_cloudwatch_metric_alarm.notifier_cpu_high.alarm_actions, aws_autoscaling_policy.notifier_out.arn)] == [true, true]
    error_message = "Each alarm runs its own group's policy."
  }

  assert {
    condition = [for policy in [aws_autoscaling_policy.ingress_api_out, aws_autoscaling_policy.notifier_out] :
      "${policy.autoscaling_group_name} ${policy.policy_type} ${policy.adjustment_type} ${one(policy.step_adjustment).scaling_adjustment} from ${one(policy.step_adjustment).metric_interval_lower_bound} ${policy.estimated_instance_warmup}"] == [
      "ticketing-ingress-api StepScaling ChangeInCapacity 2 from 0 120",
      "ticketing-notifier StepScaling ChangeInCapacity 2 from 0 120",
    ]
    error_message = "+2."
  }
}

run "low_cpu_removes_one_instance" {
  assert {
    condition = [for alarm in [aws_cloudwatch_metric_alarm.ingress_api_cpu_low, aws_cloudwatch_metric_alarm.notifier_cpu_low] :
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.AutoScalingGroupName} ${alarm.dimensions.cpu} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold}"] == [
      "Ticketing cpu_usage_active ticketing-ingress-api cpu-total Average 60x5 LessThanThreshold 20",
      "Ticketing cpu_usage_active ticketing-notifier cpu-total Average 60x5 LessThanThreshold 20",
    ]
    error_message = "CPU below 20 % for five minutes."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.ingress_api_cpu_low.alarm_actions == toset([aws_autoscaling_policy.ingress_api_in.arn]) && aws_cloudwatch_metric_alarm.notifier_cpu_low.alarm_actions == toset([aws_autoscaling_policy.notifier_in.arn])
    error_message = "Each alarm runs the policy of its group, without a notification."
  }

  assert {
    condition = [for policy in [aws_autoscaling_policy.ingress_api_in, aws_autoscaling_policy.notifier_in] :
      "${policy.autoscaling_group_name} ${policy.policy_type} ${policy.adjustment_type} ${policy.scaling_adjustment} ${policy.cooldown}"] == [
      "ticketing-ingress-api SimpleScaling ChangeInCapacity -1 300",
      "ticketing-notifier SimpleScaling ChangeInCapacity -1 300",
    ]
    error_message = "-1, then five minutes of cooldown."
  }
}

run "request_rate_adds_instances" {
  assert {
    condition = { for name, policy in { ingress_api = aws_autoscaling_policy.ingress_api_requests, notifier = aws_autoscaling_policy.notifier_requests } : name => [for c in policy.target_tracking_configuration :
      [for p in c.predefined_metric_specification : "${policy.autoscaling_group_name} ${c.target_value} ${c.disable_scale_in} ${p.predefined_metric_type} ${p.resource_label}"]
      ] } == {
      ingress_api = [["ticketing-ingress-api 5000 true ALBRequestCountPerTarget app/ticketing/50dc6c495c0c9188/targetgroup/ticketing-ingress-api/1"]]
      notifier    = [["ticketing-notifier 5000 true ALBRequestCountPerTarget app/ticketing/50dc6c495c0c9188/targetgroup/ticketing-notifier/2"]]
    }
    error_message = "Target tracking on requests per target, without scale-in."
  }
}

run "refuses_fewer_instances_than_zones" {
  command = plan

  variables {
    ingress_api    = { min = 1 }
    booking_worker = { min = 1 }
    notifier       = { min = 1 }
  }

  expect_failures = [var.ingress_api, var.booking_worker, var.notifier]
}

run "refuses_zero_rate_latency_and_message" {
  command = plan

  variables {
    worker_rate            = 0
    wanted_latency_seconds = 0
  }

  expect_failures = [var.worker_rate, var.wanted_latency_seconds]
}
