variable "project" {
  description = "First part of every name."
  type        = string
}

variable "name" {
  description = "The service: ingress-api, booking-worker or notifier."
  type        = string
}

variable "role_name" {
  description = "Name of the instances' IAM role."
  type        = string
}

variable "global_suffix" {
  description = "Suffix of names that are unique in the account, not in a region."
  type        = string
  default     = ""
}

# Location

variable "region" {
  description = "Region of the instances."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets, one in each zone, over which the instances are spread evenly."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the instances."
  type        = string
}

variable "target_group_arns" {
  description = "Target groups of the load balancer that the instances join."
  type        = list(string)
  default     = []
}

# Image and permissions

variable "image_tag" {
  description = "Version of the image in the service's own repository."
  type        = string
}

variable "ami_id" {
  description = "Amazon Linux 2023 image."
  type        = string
}

variable "spot" {
  description = "True if the instances are spot instances."
  type        = bool
  default     = false
}

variable "instance_type" {
  description = "Type of the instances; it decides between arm64 and x86."
  type        = string
}

variable "public_port" {
  description = "Port for the load balancer, or null for a service without a public port."
  type        = number
  default     = null
}

variable "management_port" {
  description = "Port of health and metrics, reachable on the instance only."
  type        = number
}

variable "environment" {
  description = "Settings of the application."
  type        = map(string)
}

variable "secrets" {
  description = "Variables that the instance reads from Secrets Manager at every start of the application: variable => ARN of the secret."
  type        = map(string)
  default     = {}
}

variable "statements" {
  description = "Permissions beyond those that every service has."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
  }))
}

variable "session_manager" {
  description = "True if operators may open a shell through Systems Manager."
  type        = bool
  default     = false
}

variable "application_metrics" {
  description = "True if the CloudWatch agent forwards metrics of the application."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "Retention of the logs, in days."
  type        = number
}

# Size

variable "min_size" {
  description = "Minimum number of instances."
  type        = number
}

variable "max_size" {
  description = "Maximum number of instances."
  type        = number
}

variable "desired_capacity" {
  description = "Instances at the first deployment. Scaling sets the number afterwards."
  type        = number
}

variable "warm_pool" {
  description = "Stopped instances kept in addition to the running ones, or null."
  type = object({
    min_size = number
  })
  default = null
}

# Start and stop

variable "launch_timeout_seconds" {
  description = "Seconds after which an instance that is not ready is replaced."
  type        = number
  default     = 900
}

variable "leave_seconds" {
  description = "Seconds for which a draining instance serves requests while the load balancer moves its clients."
  type        = number
  default     = 0
}

variable "stop_timeout_seconds" {
  description = "Seconds between SIGTERM and SIGKILL."
  type        = number

  validation {
    condition     = var.stop_timeout_seconds > var.longest_work_seconds
    error_message = "stop_timeout_seconds must be above longest_work_seconds, so that the application can finish its work."
  }
}

variable "longest_work_seconds" {
  description = "Longest time to process one request or message, in seconds."
  type        = number
}

variable "drain_timeout_seconds" {
  description = "Seconds after which a draining instance is terminated in any state."
  type        = number

  validation {
    condition     = var.drain_timeout_seconds >= var.leave_seconds + var.stop_timeout_seconds + 30
    error_message = "drain_timeout_seconds must be at least leave_seconds + stop_timeout_seconds + 30."
  }
}
