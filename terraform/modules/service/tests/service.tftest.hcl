# One service: image, instances, and the scripts that start, watch and drain the container.

mock_provider "aws" { source = "../../tests/mocks" }

variables {
  project           = "ticketing"
  name              = "booking-worker"
  role_name         = "ticketing-ec2-role-booking-worker"
  region            = "ap-northeast-2"
  subnet_ids        = ["subnet-a", "subnet-c"]
  security_group_id = "sg-worker"
  target_group_arns = ["arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/ticketing/6d0ecf831eec9f09"]
  image_tag         = "1.2.3"
  ami_id            = "ami-0123456789abcdef0"
  instance_type     = "t4g.small"
  management_port   = 9082
  environment       = { SPRING_PROFILES_ACTIVE = "aws", TICKETING_QUEUE_NAME = "ticketing-bookings" }
  secrets           = { TICKETING_REDIS_PASSWORD = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ticketing/redis-AbCdEf" }
  statements = [{
    sid       = "DrainBookings"
    actions   = ["sqs:ReceiveMessage"]
    resources = ["arn:aws:sqs:ap-northeast-2:123456789012:ticketing-bookings"]
  }]
  log_retention_days    = 14
  min_size              = 2
  max_size              = 20
  desired_capacity      = 2
  longest_work_seconds  = 60
  stop_timeout_seconds  = 75
  drain_timeout_seconds = 210
}

run "instances_are_amazon_linux_2023_on_graviton" {
  assert {
    condition     = data.aws_ssm_parameter.newest_ami.name == "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64" && aws_launch_template.this.image_id == "ami-0123456789abcdef0"
    error_message = "The pinned image, and the newest Amazon Linux 2023 for arm64 as Systems Manager names it."
  }

  assert {
    condition     = aws_launch_template.this.instance_type == "t4g.small" && aws_launch_template.this.vpc_security_group_ids == toset(["sg-worker"])
    error_message = "t4g.small in its security group."
  }

  assert {
    condition     = one(aws_launch_template.this.metadata_options).http_tokens == "required" && one(aws_launch_template.this.metadata_options).http_put_response_hop_limit == 2
    error_message = "IMDSv2 only, with two hops."
  }

  assert {
    condition     = one(one(aws_launch_template.this.block_device_mappings).ebs).volume_type == "gp3" && one(one(aws_launch_template.this.block_device_mappings).ebs).encrypted == "true"
    error_message = "The disk is gp3 and encrypted."
  }

  assert {
    condition     = one(aws_launch_template.this.credit_specification).cpu_credits == "unlimited"
    error_message = "Burstable instances have unlimited credits."
  }

  assert {
    condition     = one(aws_launch_template.this.iam_instance_profile).arn == aws_iam_instance_profile.this.arn && aws_iam_instance_profile.this.role == aws_iam_role.this.name && aws_iam_role.this.permissions_boundary == aws_iam_policy.boundary.arn
    error_message = "Instances act in the service's role, within its boundary."
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }]
    error_message = "The role is assumed by ec2.amazonaws.com."
  }

  assert {
    condition     = base64decode(aws_launch_template.this.user_data) == output.user_data
    error_message = "The launch template carries the user data."
  }
}

run "group_spreads_instances_over_both_zones" {
  assert {
    condition     = [aws_autoscaling_group.this.min_size, aws_autoscaling_group.this.max_size, aws_autoscaling_group.this.desired_capacity] == [2, 20, 2]
    error_message = "2 to 20, 2 at first."
  }

  assert {
    condition     = aws_autoscaling_group.this.vpc_zone_identifier == toset(["subnet-a", "subnet-c"]) && one(aws_autoscaling_group.this.availability_zone_distribution).capacity_distribution_strategy == "balanced-best-effort"
    error_message = "Evenly over both subnets, and in one alone if the other fails."
  }

  assert {
    condition     = aws_autoscaling_group.this.target_group_arns == toset(var.target_group_arns)
    error_message = "The group joins its target group."
  }

  assert {
    condition     = contains(aws_autoscaling_group.this.enabled_metrics, "GroupInServiceInstances") && aws_autoscaling_group.this.metrics_granularity == "1Minute"
    error_message = "The backlog is divided by GroupInServiceInstances, which is published only on request."
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "EC2"
    error_message = "An unready instance is not replaced, because a database failover makes all instances unready."
  }

  assert {
    condition = [for policy in aws_autoscaling_group.this.instance_maintenance_policy : "${policy.min_healthy_percentage} ${policy.max_healthy_percentage}"] == [
      "100 150"
    ]
    error_message = "A new instance starts before an old one terminates, also after a failed health check."
  }

  assert {
    condition     = length(aws_autoscaling_group.this.instance_refresh) == 0
    error_message = "An apply starts no refresh. A release does, with the earlier version in place for the rollback."
  }

  assert {
    condition     = one(aws_autoscaling_group.this.launch_template).id == aws_launch_template.this.id && one(aws_autoscaling_group.this.launch_template).version == tostring(aws_launch_template.this.latest_version)
    error_message = "The first version of the launch template reaches the group."
  }
}

run "hooks_delay_launch_and_termination" {
  assert {
    condition = [for hook in aws_autoscaling_group.this.initial_lifecycle_hook : "${hook.name} ${hook.lifecycle_transition} ${hook.heartbeat_timeout} ${hook.default_result}"] == [
      "ticketing-booking-worker-launching autoscaling:EC2_INSTANCE_LAUNCHING 900 ABANDON"
    ]
    error_message = "The launching hook applies to the first instances."
  }

  assert {
    condition = [for hook in [aws_autoscaling_lifecycle_hook.launching, aws_autoscaling_lifecycle_hook.draining] : "${hook.name} ${hook.lifecycle_transition} ${hook.heartbeat_timeout} ${hook.default_result}"] == [
      "ticketing-booking-worker-launching autoscaling:EC2_INSTANCE_LAUNCHING 900 ABANDON",
      "ticketing-booking-worker-draining autoscaling:EC2_INSTANCE_TERMINATING 210 CONTINUE",
    ]
    error_message = "An instance that is not ready in time is abandoned; a drain that exceeds its timeout continues to termination."
  }

  assert {
    condition     = aws_autoscaling_lifecycle_hook.launching.autoscaling_group_name == aws_autoscaling_group.this.name && aws_autoscaling_lifecycle_hook.draining.autoscaling_group_name == aws_autoscaling_group.this.name
    error_message = "Both hooks belong to the group."
  }
}

run "user_data_install_docker_and_run" {
  assert {
    condition     = strcontains(output.user_data, "retry dnf install -y docker amazon-cloudwatch-agent\n") && strcontains(output.user_data, "systemctl enable --now docker\n")
    error_message = "Install Docker."
  }

  assert {
    condition     = strcontains(output.user_data, "REGION=ap-northeast-2\nREGISTRY=123456789012.dkr.ecr.ap-northeast-2.amazonaws.com\nIMAGE=123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/ticketing/service:1.2.3\nGROUP=ticketing-booking-worker\nLAUNCHING_HOOK=ticketing-booking-worker-launching\nDRAINING_HOOK=ticketing-booking-worker-draining\nREADY_URL=http://127.0.0.1:9082/actuator/health/readiness\nLIVE_URL=http://127.0.0.1:9082/actuator/health/liveness\n")
    error_message = "The scripts know the image, the group, its hooks and the health of the process."
  }

  assert {
    condition     = strcontains(output.user_data, "ExecStart=/usr/bin/docker run --name ticketing --env-file /etc/ticketing/service.env --env-file /run/ticketing/secrets.env \\\n  --publish 127.0.0.1:9082:9082 \\\n")
    error_message = "Run it with settings and secrets; a worker has no public port, and its management port is local."
  }

  assert {
    condition     = strcontains(output.user_data, "SPRING_PROFILES_ACTIVE=aws\nTICKETING_QUEUE_NAME=ticketing-bookings\n")
    error_message = "The settings file has one variable a line."
  }

  assert {
    condition     = strcontains(output.user_data, "--cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp") && strcontains(output.user_data, "--ulimit nofile=65536:65536")
    error_message = "The container has no capabilities and a high file limit."
  }
}

run "user_data_read_secrets_into_memory" {
  assert {
    condition     = strcontains(output.user_data, "\nTICKETING_REDIS_PASSWORD arn:aws:secretsmanager:us-east-1:123456789012:secret:ticketing/redis-AbCdEf\nEND\n")
    error_message = "Each secret has its name and its ARN."
  }
}

run "user_data_ship_the_log_without_blocking" {
  assert {
    condition     = strcontains(output.user_data, "--log-driver awslogs --log-opt awslogs-region=ap-northeast-2 --log-opt awslogs-group=/ticketing/booking-worker --log-opt awslogs-stream=$${INSTANCE_ID} \\\n  --log-opt mode=non-blocking --log-opt max-buffer-size=4m \\\n")
    error_message = "Logging does not block while CloudWatch Logs is unavailable."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/ticketing/booking-worker" && aws_cloudwatch_log_group.this.retention_in_days == 14
    error_message = "The log group exists with a retention limit."
  }
}

run "user_data_finish_work_before_termination" {
  assert {
    condition     = strcontains(output.user_data, "ExecStop=/usr/bin/docker stop -t 75 ticketing\nTimeoutStartSec=300\nTimeoutStopSec=85\n")
    error_message = "SIGTERM, 75 s, then SIGKILL, with a longer timeout of systemd."
  }
}

run "user_data_measure_cpu_and_memory" {
  assert {
    condition = jsondecode(regex("(?s)ticketing.json <<'END'\n(.*?)\nEND\n", output.user_data)[0]) == {
      agent = { metrics_collection_interval = 60, omit_hostname = true }
      metrics = {
        namespace = "Ticketing"
        metrics_collected = {
          cpu = { totalcpu = true, measurement = ["cpu_usage_active"], append_dimensions = { AutoScalingGroupName = "ticketing-booking-worker" } }
          mem = { measurement = ["mem_used_percent"], append_dimensions = { AutoScalingGroupName = "ticketing-booking-worker" } }
        }
      }
    }
    error_message = "The agent writes cpu_usage_active and mem_used_percent by group, every minute."
  }
}

run "public_port_serves_the_health_check" {
  variables {
    name                  = "ingress-api"
    public_port           = 8080
    management_port       = 9080
    leave_seconds         = 30
    longest_work_seconds  = 20
    stop_timeout_seconds  = 30
    drain_timeout_seconds = 120
  }

  assert {
    condition     = strcontains(output.user_data, "  --publish 8080:8080 \\\n  --publish 127.0.0.1:9080:9080 \\\n")
    error_message = "The public port is open to the load balancer, the management port is not."
  }

  assert {
    condition     = strcontains(output.user_data, "\nREADY_URL=http://127.0.0.1:8080/readyz\nLIVE_URL=http://127.0.0.1:8080/livez\n")
    error_message = "/readyz and /livez."
  }

  assert {
    condition     = strcontains(output.user_data, "\nLEAVE_SECONDS=30\n")
    error_message = "It serves requests during deregistration."
  }
}

run "x86_types_get_the_x86_image" {
  variables {
    instance_type = "t3.medium"
  }

  override_data {
    target = data.aws_ami.pinned
    values = { architecture = "x86_64" }
  }

  assert {
    condition     = data.aws_ssm_parameter.newest_ami.name == "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    error_message = "t3.medium is x86."
  }
}

run "non_burstable_types_have_no_credits" {
  variables {
    instance_type = "c7g.large"
  }

  assert {
    condition     = length(aws_launch_template.this.credit_specification) == 0 && strcontains(data.aws_ssm_parameter.newest_ami.name, "arm64")
    error_message = "c7g is arm64 and has no credits."
  }
}

run "application_metrics_are_an_option" {
  variables {
    application_metrics = true
  }

  assert {
    condition     = strcontains(output.user_data, "targets: [\"127.0.0.1:9082\"]\n") && strcontains(output.user_data, "\"log_group_name\":\"/ticketing/booking-worker\"") && strcontains(output.user_data, " -a append-config ")
    error_message = "The agent scrapes the port of this service and writes to its log group."
  }

  assert {
    condition     = length(output.user_data) < 16384
    error_message = "The user data fit."
  }
}

run "refuses_an_image_of_another_architecture" {
  command = plan

  variables {
    instance_type = "t3.medium"
  }

  expect_failures = [aws_launch_template.this]
}

run "a_release_is_a_new_template_version" {
  # The output names the version that a release starts.
  variables {
    image_tag = "1.3.0"
    spot      = true
  }

  assert {
    condition     = strcontains(output.user_data, "/ticketing/service:1.3.0\n") && output.release.image_tag == "1.3.0" && output.release.launch_template == aws_launch_template.this.id
    error_message = "The template has the new version."
  }

  assert {
    condition     = [for options in aws_launch_template.this.instance_market_options : options.market_type] == ["spot"]
    error_message = "Spot instances are a property of the template."
  }
}

run "warm_pool_is_an_option" {
  variables {
    warm_pool = { min_size = 3 }
  }

  assert {
    condition     = [for pool in aws_autoscaling_group.this.warm_pool : "${pool.pool_state} ${pool.min_size}"] == ["Stopped 3"]
    error_message = "Three stopped instances."
  }
}

run "no_warm_pool_by_default" {
  assert {
    condition     = !strcontains(output.user_data, "append-config") && !strcontains(output.user_data, "cloudwatch-prometheus")
    error_message = "No metrics of the application."
  }

  assert {
    condition     = length(aws_autoscaling_group.this.warm_pool) == 0
    error_message = "No warm pool."
  }
}

run "images_are_scanned_and_immutable" {
  assert {
    condition     = aws_ecr_repository.this.name == "ticketing/booking-worker" && aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && one(aws_ecr_repository.this.image_scanning_configuration).scan_on_push
    error_message = "Tags are immutable and images are scanned."
  }

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[0].selection.countNumber == 20 && aws_ecr_lifecycle_policy.this.repository == aws_ecr_repository.this.name
    error_message = "The last 20 are kept."
  }
}

run "refuses_a_short_stop_timeout" {
  command = plan

  variables {
    stop_timeout_seconds = 60
  }

  expect_failures = [var.stop_timeout_seconds]
}

run "refuses_a_short_drain_timeout" {
  command = plan

  variables {
    drain_timeout_seconds = 104
  }

  expect_failures = [var.drain_timeout_seconds]
}
