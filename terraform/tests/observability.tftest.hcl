# Dashboard and alarms.

mock_provider "aws" { source = "./tests/mocks" }

override_resource {
  target = aws_sns_topic.alarms
  values = { arn = "arn:aws:sns:ap-northeast-2:123456789012:ticketing-alarms" }
}

override_resource {
  target = aws_sns_topic.page
  values = { arn = "arn:aws:sns:ap-northeast-2:123456789012:ticketing-page" }
}

override_resource {
  target = aws_lb_target_group.ingress_api
  values = { arn_suffix = "targetgroup/ticketing-ingress-api/1" }
}

override_resource {
  target = aws_lb_target_group.notifier
  values = { arn_suffix = "targetgroup/ticketing-notifier/2" }
}

run "critical_an_unhealthy_host" {
  assert {
    condition = [for alarm in [aws_cloudwatch_metric_alarm.ingress_api_unhealthy, aws_cloudwatch_metric_alarm.notifier_unhealthy] :
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.LoadBalancer} ${alarm.dimensions.TargetGroup} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data}"] == [
      "AWS/ApplicationELB UnHealthyHostCount app/ticketing/50dc6c495c0c9188 targetgroup/ticketing-ingress-api/1 Maximum 60x2 GreaterThanThreshold 0 notBreaching",
      "AWS/ApplicationELB UnHealthyHostCount app/ticketing/50dc6c495c0c9188 targetgroup/ticketing-notifier/2 Maximum 60x2 GreaterThanThreshold 0 notBreaching",
    ]
    error_message = "Unhealthy hosts > 0, in both target groups."
  }
}

run "critical_database_cpu_above_90_percent" {
  assert {
    condition = { for role, alarm in aws_cloudwatch_metric_alarm.database_cpu : role =>
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.DBClusterIdentifier} ${alarm.dimensions.Role} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data}" } == { for role in ["READER", "WRITER"] : role =>
      "AWS/RDS CPUUtilization ticketing ${role} Maximum 60x2 GreaterThanThreshold 90 missing"
    }
    error_message = "CPU > 90 %, of the writer and of the readers."
  }
}

run "critical_cache_memory_above_90_percent" {
  assert {
    condition = { for node, alarm in aws_cloudwatch_metric_alarm.redis_memory : node =>
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.CacheClusterId} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data}" } == { for node in ["ticketing-redis-001", "ticketing-redis-002"] : node =>
      "AWS/ElastiCache DatabaseMemoryUsagePercentage ${node} Maximum 60x2 GreaterThanThreshold 90 missing"
    }
    error_message = "Memory > 90 %, of each node."
  }
}

run "critical_an_old_or_dead_booking" {
  assert {
    condition = [for alarm in [aws_cloudwatch_metric_alarm.queue_age, aws_cloudwatch_metric_alarm.dead_letters] :
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.QueueName} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data}"] == [
      "AWS/SQS ApproximateAgeOfOldestMessage ticketing-bookings Maximum 60x1 GreaterThanThreshold 120 notBreaching",
      "AWS/SQS ApproximateNumberOfMessagesVisible ticketing-bookings-dlq Maximum 60x1 GreaterThanThreshold 0 notBreaching",
    ]
    error_message = "Oldest booking > 120 s; any dead letter."
  }
}

run "warning_ec2_cpu_above_70_percent" {
  assert {
    condition = [for alarm in [aws_cloudwatch_metric_alarm.ingress_api_cpu_high, aws_cloudwatch_metric_alarm.booking_worker_cpu_high, aws_cloudwatch_metric_alarm.notifier_cpu_high] :
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.AutoScalingGroupName} ${alarm.dimensions.cpu} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data}"] == [for service in ["ingress-api", "booking-worker", "notifier"] :
      "Ticketing cpu_usage_active ticketing-${service} cpu-total Average 60x2 GreaterThanThreshold 70 missing"
    ]
    error_message = "CPU > 70 %, of all three services."
  }
}

run "warning_response_time_above_100_ms" {
  assert {
    condition     = "${aws_cloudwatch_metric_alarm.ingress_api_response_time.namespace} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.metric_name} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.dimensions.LoadBalancer} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.dimensions.TargetGroup} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.statistic} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.period}x${aws_cloudwatch_metric_alarm.ingress_api_response_time.evaluation_periods} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.comparison_operator} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.threshold} ${aws_cloudwatch_metric_alarm.ingress_api_response_time.treat_missing_data}" == "AWS/ApplicationELB TargetResponseTime app/ticketing/50dc6c495c0c9188 targetgroup/ticketing-ingress-api/1 Average 60x2 GreaterThanThreshold 0.1 notBreaching"
    error_message = "Target response time > 0.1 s."
  }
}

run "warning_more_than_400_database_connections" {
  assert {
    condition = { for role, alarm in aws_cloudwatch_metric_alarm.database_connections : role =>
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.DBClusterIdentifier} ${alarm.dimensions.Role} ${alarm.statistic} ${alarm.period}x${alarm.evaluation_periods} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.treat_missing_data}" } == { for role in ["READER", "WRITER"] : role =>
      "AWS/RDS DatabaseConnections ticketing ${role} Maximum 60x2 GreaterThanThreshold 400 missing"
    }
    error_message = "Connections > 400, to the writer and to the readers."
  }
}

run "every_alarm_and_recovery_reaches_the_topic" {
  assert {
    condition = alltrue([for alarm in concat(
      values(aws_cloudwatch_metric_alarm.database_cpu), values(aws_cloudwatch_metric_alarm.database_connections), values(aws_cloudwatch_metric_alarm.redis_memory),
      [aws_cloudwatch_metric_alarm.queue_age, aws_cloudwatch_metric_alarm.dead_letters, aws_cloudwatch_metric_alarm.ingress_api_unhealthy, aws_cloudwatch_metric_alarm.notifier_unhealthy,
      aws_cloudwatch_metric_alarm.ingress_api_cpu_high, aws_cloudwatch_metric_alarm.booking_worker_cpu_high, aws_cloudwatch_metric_alarm.notifier_cpu_high, aws_cloudwatch_metric_alarm.ingress_api_response_time]
    ) : contains(alarm.alarm_actions, aws_sns_topic.alarms.arn) && alarm.ok_actions == toset([aws_sns_topic.alarms.arn])])
    error_message = "Alarm and all-clear go to the topic."
  }

  assert {
    condition     = aws_sns_topic.alarms.name == "ticketing-alarms"
    error_message = "The topic is ticketing-alarms."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.alarms.policy).Statement == [{ Action = "sns:Publish", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }, Effect = "Allow", Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }, Resource = "arn:aws:sns:ap-northeast-2:123456789012:ticketing-alarms", Sid = "AlarmsAndBudgetsPublish" }]
    error_message = "CloudWatch and Budgets of this account may publish to it."
  }
}

run "missing_data_of_a_total_outage_pages" {
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.outage : name => "${alarm.metric_name} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.period}x${alarm.evaluation_periods}" if alarm.treat_missing_data == "breaching" } == {
      ingress-api-healthy-hosts    = "HealthyHostCount LessThanThreshold 1 60x2"
      notifier-healthy-hosts       = "HealthyHostCount LessThanThreshold 1 60x2"
      ingress-api-below-minimum    = "GroupInServiceInstances LessThanThreshold 2 60x5"
      booking-worker-below-minimum = "GroupInServiceInstances LessThanThreshold 2 60x5"
      notifier-below-minimum       = "GroupInServiceInstances LessThanThreshold 2 60x5"
    }
    error_message = "Without any instance, these alarms are raised."
  }

  assert {
    condition = toset([for alarm in aws_cloudwatch_metric_alarm.outage : "${alarm.namespace} ${alarm.metric_name}"]) == toset([
      "AWS/ApplicationELB HTTPCode_ELB_5XX_Count", "AWS/ApplicationELB HTTPCode_Target_5XX_Count", "AWS/ApplicationELB HealthyHostCount",
      "AWS/AutoScaling GroupInServiceInstances", "AWS/ElastiCache CPUCreditBalance",
      "AWS/ElastiCache EngineCPUUtilization", "AWS/ElastiCache Evictions", "AWS/RDS AuroraReplicaLagMaximum", "AWS/RDS CPUCreditBalance", "AWS/RDS FreeableMemory",
    ])
    error_message = "Hosts, errors, groups, credits, cache and database have alarms."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.outage) == 16 && alltrue([for alarm in aws_cloudwatch_metric_alarm.outage : alarm.alarm_actions == toset([aws_sns_topic.page.arn]) && alarm.ok_actions == toset([aws_sns_topic.page.arn])])
    error_message = "16 alarms (the cost page counts them) go to the topic that pages."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed_launches.event_pattern).detail-type == ["EC2 Instance Launch Unsuccessful"] && aws_cloudwatch_event_target.failed_launches.arn == aws_sns_topic.page.arn
    error_message = "A failed launch pages."
  }

  assert {
    condition     = alltrue([for subscription in aws_db_event_subscription.database : subscription.sns_topic == aws_sns_topic.page.arn && contains(subscription.event_categories, "failover")])
    error_message = "A failover of the database pages."
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.database_cpu), values(aws_cloudwatch_metric_alarm.redis_memory), [aws_cloudwatch_metric_alarm.queue_age, aws_cloudwatch_metric_alarm.dead_letters, aws_cloudwatch_metric_alarm.ingress_api_unhealthy, aws_cloudwatch_metric_alarm.notifier_unhealthy]) : contains(alarm.alarm_actions, aws_sns_topic.page.arn)])
    error_message = "Each critical alarm pages."
  }
}

run "pager_must_be_reached_by_https" {
  command = plan

  variables {
    page_endpoints = ["http://pager.example.com"]
  }

  expect_failures = [var.page_endpoints]
}

run "addresses_subscribe_by_mail" {
  variables {
    alarm_emails = ["ops@example.com"]
  }

  assert {
    condition     = [for subscription in aws_sns_topic_subscription.email : "${subscription.protocol} ${subscription.endpoint} ${subscription.topic_arn}"] == ["email ops@example.com arn:aws:sns:ap-northeast-2:123456789012:ticketing-alarms"]
    error_message = "Each address gets the topic."
  }
}

run "dashboard_shows_the_services_and_the_queue" {
  assert {
    condition = { for widget in jsondecode(aws_cloudwatch_dashboard.main.dashboard_body).widgets : widget.properties.title => "${widget.properties.stat} ${widget.properties.period} ${widget.properties.annotations.horizontal[0].value}" } == {
      "EC2 CPU (%)"                                      = "Average 60 70"
      "EC2 memory (%)"                                   = "Maximum 60 80"
      "ALB requests per minute, in all and per instance" = "Sum 60 5000"
      "Target response time (s)"                         = "Average 60 0.1"
      "Unhealthy hosts"                                  = "Maximum 60 0"
      "Database connections"                             = "Maximum 60 400"
      "Database CPU (%)"                                 = "Maximum 60 90"
      "Cache hit rate (%)"                               = "Average 60 90"
      "Cache memory (%)"                                 = "Maximum 60 90"
      "Bookings waiting, in flight, dead"                = "Maximum 60 5000"
      "Oldest waiting booking (s)"                       = "Maximum 60 120"
      "Instances in service"                             = "Average 60 2"
    }
    error_message = "Each figure with the line that means something: 70, 80, 5000/min, 100 ms, 0, 400, 90 %."
  }

  assert {
    condition = { for widget in jsondecode(aws_cloudwatch_dashboard.main.dashboard_body).widgets : widget.properties.title => [
      for metric in widget.properties.metrics : join(" ", [for part in metric : part if can(regex("", part))])
      ] } == {
      "EC2 CPU (%)"    = [for service in ["booking-worker", "ingress-api", "notifier"] : "Ticketing cpu_usage_active AutoScalingGroupName ticketing-${service} cpu cpu-total"]
      "EC2 memory (%)" = [for service in ["booking-worker", "ingress-api", "notifier"] : "Ticketing mem_used_percent AutoScalingGroupName ticketing-${service}"]
      "ALB requests per minute, in all and per instance" = [
        "AWS/ApplicationELB RequestCount LoadBalancer app/ticketing/50dc6c495c0c9188",
        "AWS/ApplicationELB RequestCountPerTarget LoadBalancer app/ticketing/50dc6c495c0c9188 TargetGroup targetgroup/ticketing-ingress-api/1",
        "AWS/ApplicationELB RequestCountPerTarget LoadBalancer app/ticketing/50dc6c495c0c9188 TargetGroup targetgroup/ticketing-notifier/2",
      ]
      "Target response time (s)" = ["AWS/ApplicationELB TargetResponseTime LoadBalancer app/ticketing/50dc6c495c0c9188 TargetGroup targetgroup/ticketing-ingress-api/1"]
      "Unhealthy hosts" = [
        "AWS/ApplicationELB UnHealthyHostCount LoadBalancer app/ticketing/50dc6c495c0c9188 TargetGroup targetgroup/ticketing-ingress-api/1",
        "AWS/ApplicationELB UnHealthyHostCount LoadBalancer app/ticketing/50dc6c495c0c9188 TargetGroup targetgroup/ticketing-notifier/2",
      ]
      "Database connections" = [for role in ["READER", "WRITER"] : "AWS/RDS DatabaseConnections DBClusterIdentifier ticketing Role ${role}"]
      "Database CPU (%)"     = [for role in ["READER", "WRITER"] : "AWS/RDS CPUUtilization DBClusterIdentifier ticketing Role ${role}"]
      "Cache hit rate (%)"   = [for node in ["001", "002"] : "AWS/ElastiCache CacheHitRate CacheClusterId ticketing-redis-${node}"]
      "Cache memory (%)"     = [for node in ["001", "002"] : "AWS/ElastiCache DatabaseMemoryUsagePercentage CacheClusterId ticketing-redis-${node}"]
      "Bookings waiting, in flight, dead" = [
        "AWS/SQS ApproximateNumberOfMessagesVisible QueueName ticketing-bookings",
        "AWS/SQS ApproximateNumberOfMessagesNotVisible QueueName ticketing-bookings",
        "AWS/SQS ApproximateNumberOfMessagesVisible QueueName ticketing-bookings-dlq",
      ]
      "Oldest waiting booking (s)" = [
        "AWS/SQS ApproximateAgeOfOldestMessage QueueName ticketing-bookings",
        "AWS/SQS ApproximateAgeOfOldestMessageInQuietGroups QueueName ticketing-bookings",
      ]
      "Instances in service" = [for service in ["booking-worker", "ingress-api", "notifier"] : "AWS/AutoScaling GroupInServiceInstances AutoScalingGroupName ticketing-${service}"]
    }
    error_message = "Each widget shows the metrics that AWS publishes under these names."
  }
}

run "budget_reports_its_thresholds" {
  assert {
    condition     = aws_budgets_budget.monthly.limit_amount == "400" && aws_budgets_budget.monthly.limit_unit == "USD" && aws_budgets_budget.monthly.time_unit == "MONTHLY" && aws_budgets_budget.monthly.budget_type == "COST"
    error_message = "400 USD a month."
  }

  assert {
    condition     = toset([for n in aws_budgets_budget.monthly.notification : "${n.notification_type} ${n.comparison_operator} ${n.threshold} ${one(n.subscriber_sns_topic_arns)}"]) == toset(["ACTUAL GREATER_THAN 80 arn:aws:sns:ap-northeast-2:123456789012:ticketing-alarms", "FORECASTED GREATER_THAN 100 arn:aws:sns:ap-northeast-2:123456789012:ticketing-alarms"])
    error_message = "80 % spent, or 100 % forecast, is reported."
  }
}
