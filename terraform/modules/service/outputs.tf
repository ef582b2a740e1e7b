output "group_name" {
  description = "Auto scaling group."
  value       = aws_autoscaling_group.this.name
}

output "release" {
  description = "Input of a release: group, launch template, its newest version, and the image in it."
  value = {
    group           = aws_autoscaling_group.this.name
    launch_template = aws_launch_template.this.id
    version         = tostring(aws_launch_template.this.latest_version)
    repository      = aws_ecr_repository.this.name
    image_tag       = var.image_tag
  }
}

output "newest_ami_id" {
  description = "Newest Amazon Linux 2023 image for the architecture of the instances."
  value       = data.aws_ssm_parameter.newest_ami.insecure_value
}

output "role_name" {
  description = "IAM role of the instances."
  value       = aws_iam_role.this.name
}

output "repository_url" {
  description = "Repository of the service's image."
  value       = aws_ecr_repository.this.repository_url
}

output "repository_arn" {
  description = "ARN of the service's repository."
  value       = aws_ecr_repository.this.arn
}

output "log_group_name" {
  description = "Log group of the service."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy" {
  description = "Policy of the service, as JSON."
  value       = aws_iam_role_policy.service.policy
}

output "boundary" {
  description = "Permissions boundary of the role, as JSON."
  value       = aws_iam_policy.boundary.policy
}

output "managed_policies" {
  description = "AWS-managed policies of the role, within the boundary."
  value       = local.managed_policies
}

output "user_data" {
  description = "User data of an instance."
  value       = local.user_data
}

output "environment" {
  description = "Environment variables of the container."
  value       = var.environment
}

output "secrets" {
  description = "Variables that are read from Secrets Manager at each start: variable => ARN of the secret."
  value       = var.secrets
}

output "drain_timeout_seconds" {
  description = "Longest time that a terminating instance is kept, in seconds."
  value       = aws_autoscaling_lifecycle_hook.draining.heartbeat_timeout
}

output "size" {
  description = "Minimum, maximum and initial number of instances, and their type."
  value = {
    min           = aws_autoscaling_group.this.min_size
    max           = aws_autoscaling_group.this.max_size
    desired       = aws_autoscaling_group.this.desired_capacity
    instance_type = aws_launch_template.this.instance_type
  }
}
