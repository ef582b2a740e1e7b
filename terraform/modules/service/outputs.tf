output "group_name" {
  description = "Auto scaling group."
  value       = aws_autoscaling_group.this.name
}

output "role_name" {
  description = "IAM role of the instances."
  value       = aws_iam_role.this.name
}

output "repository_url" {
  description = "Where the service's image is pushed."
  value       = aws_ecr_repository.this.repository_url
}

output "log_group_name" {
  description = "Where the service's log is read."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy" {
  description = "What the service's own policy allows, as JSON."
  value       = aws_iam_role_policy.service.policy
}

output "boundary" {
  description = "The most that the role may ever do, as JSON."
  value       = aws_iam_policy.boundary.policy
}

output "managed_policies" {
  description = "AWS-managed policies of the role, within the boundary."
  value       = local.managed_policies
}

output "user_data" {
  description = "What makes an instance run the service."
  value       = local.user_data
}

output "environment" {
  description = "Settings that the container is given."
  value       = var.environment
}

output "secrets" {
  description = "Settings whose values are read from Secrets Manager at each start: variable => secret's ARN."
  value       = var.secrets
}

output "drain_timeout_seconds" {
  description = "How long a leaving instance is kept at most."
  value       = aws_autoscaling_lifecycle_hook.draining.heartbeat_timeout
}

output "size" {
  description = "Instances at least, at most and at first, and their type."
  value = {
    min           = aws_autoscaling_group.this.min_size
    max           = aws_autoscaling_group.this.max_size
    desired       = aws_autoscaling_group.this.desired_capacity
    instance_type = aws_launch_template.this.instance_type
  }
}
