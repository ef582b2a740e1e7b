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
  description = "Ends the names that are unique in the whole account rather than in a region."
  type        = string
  default     = ""
}

# Where

variable "region" {
  description = "Region of the instances."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets, one in each zone, over which the instances are spread evenly."
  type        = list(string)
}

variable "security_group_id" {
  description = "Group that says whom the instances may talk to."
  type        = string
}

variable "target_group_arns" {
  description = "Target groups of the load balancer that the instances join."
  type        = list(string)
  default     = []
}

# What

variable "image_tag" {
  description = "Version of the image in the service's own repository."
  type        = string
}

variable "ami_id" {
  description = "Amazon Linux 2023 image to pin, or null for the newest."
  type        = string
  default     = null
}

variable "instance_type" {
  description = "Type of the instances; it decides between arm64 and x86."
  type        = string
}

variable "public_port" {
  description = "Port for the load balancer, or null for a service that nobody calls."
  type        = number
  default     = null
}

variable "management_port" {
  description = "Port of health and metrics: reachable on the instance itself, nowhere else."
  type        = number
}

variable "environment" {
  description = "Settings of the application."
  type        = map(string)
}

variable "secrets" {
  description = "Settings whose values the instance reads from Secrets Manager at every start of the application: variable => secret's ARN."
  type        = map(string)
  default     = {}
}

variable "statements" {
  description = "What this service may do beyond what every service needs to run."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
  }))
}

variable "session_manager" {
  description = "Whether operators may open a shell through Systems Manager."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "How long the logs are kept."
  type        = number
}

# How many

variable "min_size" {
  description = "Instances that always run."
  type        = number
}

variable "max_size" {
  description = "Instances that run at most."
  type        = number
}

variable "desired_capacity" {
  description = "Instances at the first deployment; from then on scaling decides."
  type        = number
}

variable "warm_pool" {
  description = "Stopped instances kept ready beyond the running ones, or null."
  type = object({
    min_size = number
  })
  default = null
}

# Starting and stopping

variable "launch_timeout_seconds" {
  description = "How long an instance may take to become ready before it is given up and replaced."
  type        = number
  default     = 900
}

variable "leave_seconds" {
  description = "How long a leaving instance goes on serving while the load balancer sends its clients elsewhere."
  type        = number
  default     = 0
}

variable "stop_timeout_seconds" {
  description = "How long the application may take to finish after SIGTERM before it is killed."
  type        = number

  validation {
    condition     = var.stop_timeout_seconds > var.longest_work_seconds
    error_message = "The application must have time to finish what it holds: stop_timeout_seconds has to be above longest_work_seconds."
  }
}

variable "longest_work_seconds" {
  description = "Longest time that one piece of work (a request, a message) takes."
  type        = number
}

variable "drain_timeout_seconds" {
  description = "How long a leaving instance is kept before it is terminated whatever it does."
  type        = number

  validation {
    condition     = var.drain_timeout_seconds >= var.leave_seconds + var.stop_timeout_seconds + 30
    error_message = "drain_timeout_seconds has to leave room for leave_seconds, stop_timeout_seconds and half a minute of margin."
  }
}
