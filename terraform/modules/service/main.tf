# One service: image repository, instances, and the scripts that start, watch and drain the container.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.66.0"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_ami" "pinned" {
  owners             = ["amazon"]
  include_deprecated = true # AWS deprecates an image after 90 days; it stays usable

  filter {
    name   = "image-id"
    values = [var.ami_id]
  }
}

data "aws_ssm_parameter" "newest_ami" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${local.architecture}"
}

locals {
  full_name = "${var.project}-${var.name}"
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  # Graviton types have a g after the number of their generation: t4g, c7gn, m8g.
  architecture   = can(regex("^[a-z]+[0-9]+g", var.instance_type)) ? "arm64" : "x86_64"
  launching_hook = "${local.full_name}-launching"
  draining_hook  = "${local.full_name}-draining"
}

resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:Encrypted with the key of ECR; images contain no secrets

  name                 = "${var.project}/${var.name}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the last 20 versions to go back to"
      selection = {
        tagStatus   = "any"
        countType   = "imageCountMoreThan"
        countNumber = 20
      }
      action = { type = "expire" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:Encrypted with the key of CloudWatch
  #checkov:skip=CKV_AWS_338:Retention is a setting; administrative actions are rows of audit_log

  name              = "/${var.project}/${var.name}"
  retention_in_days = var.log_retention_days
}

locals {
  # The fixed list of docs/observability, in the log group that the role may write to, from the port of this service.
  metrics_folder = "${path.module}/../../../docs/observability"
  metrics_agent  = var.application_metrics ? jsonencode(jsondecode(replace(file("${local.metrics_folder}/cloudwatch-agent.json"), "/ticketing/metrics", aws_cloudwatch_log_group.this.name))) : null
  metrics_scrape = replace(file("${local.metrics_folder}/cloudwatch-prometheus.yaml"), "127.0.0.1:9080", "127.0.0.1:${var.management_port}")

  user_data = templatefile("${path.module}/user_data.sh.tftpl", {
    service          = var.name
    region           = var.region
    prepare_script   = file("${path.module}/scripts/prepare.sh")
    lifecycle_script = file("${path.module}/scripts/lifecycle.sh")
    registry         = split("/", aws_ecr_repository.this.repository_url)[0]
    image            = "${aws_ecr_repository.this.repository_url}:${var.image_tag}"
    log_group        = aws_cloudwatch_log_group.this.name
    group            = local.full_name
    launching_hook   = local.launching_hook
    draining_hook    = local.draining_hook
    public_port      = var.public_port
    management_port  = var.management_port
    ready_url        = var.public_port == null ? "http://127.0.0.1:${var.management_port}/actuator/health/readiness" : "http://127.0.0.1:${var.public_port}/readyz"
    live_url         = var.public_port == null ? "http://127.0.0.1:${var.management_port}/actuator/health/liveness" : "http://127.0.0.1:${var.public_port}/livez"
    environment      = var.environment
    secrets          = var.secrets
    leave_seconds    = var.leave_seconds
    stop_seconds     = var.stop_timeout_seconds
    metrics_agent    = local.metrics_agent
    metrics_scrape   = local.metrics_scrape
  })
}

resource "aws_launch_template" "this" {
  #checkov:skip=CKV_AWS_341:The container needs the second hop for its credentials

  name                   = local.full_name
  image_id               = var.ami_id
  instance_type          = var.instance_type
  vpc_security_group_ids = [var.security_group_id]
  update_default_version = true
  user_data              = base64encode(local.user_data)

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop to the host, a second hop into the container's network.
    http_put_response_hop_limit = 2
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 8
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "credit_specification" {
    # Avoids the baseline CPU limit of a burstable instance during an on-sale. The surplus is billed by the hour.
    for_each = startswith(var.instance_type, "t") ? ["unlimited"] : []
    content {
      cpu_credits = credit_specification.value
    }
  }

  dynamic "instance_market_options" {
    for_each = var.spot ? ["spot"] : []
    content {
      market_type = instance_market_options.value
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]
    content {
      resource_type = tag_specifications.value
      tags          = { Name = local.full_name, Project = var.project }
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.user_data) < 16384
      error_message = "EC2 takes at most 16 KiB of user data."
    }

    precondition {
      condition     = data.aws_ami.pinned.architecture == local.architecture
      error_message = "ami_id must be an image for ${local.architecture}, the architecture of ${var.instance_type}."
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                = local.full_name
  min_size            = var.min_size
  max_size            = var.max_size
  desired_capacity    = var.desired_capacity
  vpc_zone_identifier = var.subnet_ids
  target_group_arns   = var.target_group_arns

  # Not ELB: a database failover makes every instance unready, which must not replace the instances. The
  # user data reports a dead process as unhealthy. The launching hook terminates an instance that does not
  # become ready.
  health_check_type         = "EC2"
  health_check_grace_period = 60
  default_instance_warmup   = 60

  # Images may be pushed after the first apply. The instances retry until an image exists.
  wait_for_capacity_timeout = "0"

  metrics_granularity = "1Minute"
  enabled_metrics     = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize", "GroupMinSize", "GroupPendingInstances", "GroupTerminatingInstances"]

  availability_zone_distribution {
    capacity_distribution_strategy = "balanced-best-effort"
  }

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # The hook must apply to the first instances too. The resource below maintains it afterwards.
  initial_lifecycle_hook {
    name                 = local.launching_hook
    lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    heartbeat_timeout    = var.launch_timeout_seconds
    default_result       = "ABANDON"
  }

  # A new instance is ready before an old one is terminated: in a refresh, after a failed health check, and when the
  # zones are rebalanced. A group that fails as a whole is not terminated as a whole.
  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 150
  }

  dynamic "warm_pool" {
    for_each = var.warm_pool == null ? [] : [var.warm_pool]
    content {
      pool_state = "Stopped"
      min_size   = warm_pool.value.min_size
    }
  }

  tag {
    key                 = "Project"
    value               = var.project
    propagate_at_launch = false
  }

  lifecycle {
    # Scaling sets the capacity. A release sets the version of the template, so that an apply replaces no instance and
    # a failed release can return to the earlier version. The release stores that version in a tag.
    ignore_changes = [desired_capacity, launch_template, tag]
  }

  # An instance that starts before its permissions exist would fail and be replaced.
  depends_on = [aws_iam_role_policy_attachment.managed, aws_iam_role_policy.service]
}

resource "aws_autoscaling_lifecycle_hook" "launching" {
  name                   = local.launching_hook
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_LAUNCHING"
  heartbeat_timeout      = var.launch_timeout_seconds
  default_result         = "ABANDON"
}

resource "aws_autoscaling_lifecycle_hook" "draining" {
  name                   = local.draining_hook
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = var.drain_timeout_seconds
  default_result         = "CONTINUE"
}
