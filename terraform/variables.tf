# Location

variable "region" {
  description = "Region of all resources."
  type        = string
  default     = "ap-northeast-2"
}

variable "admin_email" {
  description = "Email of the first administrator. The account becomes administrator at its next sign-in after the confirmation of the email, once. Empty: none."
  type        = string
  default     = ""

  validation {
    condition     = var.admin_email == "" || can(regex("^[^@\\s]+@[^@\\s]+$", var.admin_email))
    error_message = "An email contains one @ and no blank."
  }
}

variable "mail_sender" {
  description = "Address of outgoing mails, of a verified identity of Amazon SES in this region. Empty: mails are not sent."
  type        = string
  default     = ""

  validation {
    condition     = var.mail_sender == "" || can(regex("^[^@\\s]+@[^@\\s]+$", var.mail_sender))
    error_message = "An email contains one @ and no blank."
  }
}

variable "require_confirmation" {
  description = "Refuse bookings of accounts with an unconfirmed email. Requires mail_sender."
  type        = bool
  default     = false

  validation {
    condition     = !var.require_confirmation || var.mail_sender != ""
    error_message = "A confirmation requires mail_sender."
  }
}

variable "zones" {
  description = "The two availability zones, by the letter that follows the region's name."
  type        = list(string)
  default     = ["a", "c"]

  validation {
    condition     = length(var.zones) == 2 && length(distinct(var.zones)) == 2
    error_message = "Two different zones are required, because each part has a replica in the other zone."
  }
}

variable "vpc_cidr" {
  description = "Address range of the network; a /16."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 8, 22)) && endswith(var.vpc_cidr, "/16")
    error_message = "A /16 is needed: the subnets are its /24s number 1, 2, 11, 12, 21 and 22."
  }
}

variable "nat_gateway_zones" {
  description = "Zones that have a NAT gateway. A zone without one uses the first of these. A second gateway costs about 47 USD a month."
  type        = list(string)
  default     = ["a"]

  validation {
    condition     = length(var.nat_gateway_zones) > 0 && alltrue([for zone in var.nat_gateway_zones : contains(var.zones, zone)])
    error_message = "Name at least one of the zones in use."
  }
}

variable "interface_endpoints" {
  description = "AWS services reached from inside the network instead of through the NAT gateway, in both zones (about 19 USD a month each). SQS is on the path of every booking, so that path must not depend on the NAT gateway of one zone."
  type        = set(string)
  default     = ["sqs"]

  validation {
    condition = alltrue([for service in var.interface_endpoints :
      contains(["autoscaling", "ecr.api", "ecr.dkr", "logs", "monitoring", "secretsmanager", "sqs"], service)
    ])
    error_message = "Supported: autoscaling, ecr.api, ecr.dkr, logs, monitoring, secretsmanager, sqs."
  }
}

# Public name

variable "domain_name" {
  description = "Name that clients use, such as tickets.example.com."
  type        = string
}

variable "hosted_zone_id" {
  description = "Route 53 zone of the domain name. The certificate and the records are then managed here. Null: set certificate_arn and point the name to the load balancer."
  type        = string
  default     = null
}

variable "certificate_arn" {
  description = "Certificate of this region for the domain name; only without hosted_zone_id."
  type        = string
  default     = null

  validation {
    condition     = (var.certificate_arn == null) != (var.hosted_zone_id == null)
    error_message = "Give either hosted_zone_id or certificate_arn."
  }
}

variable "shared_domain_name" {
  description = "In a second region: the geo-routed name, which the certificate also covers. The validation record of the first region proves it. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.shared_domain_name == null || var.shared_domain_name != var.domain_name
    error_message = "The name of the second region differs from the shared name."
  }
}

variable "web_requests_per_address" {
  description = "Requests a minute of one address above which a web application firewall refuses them with 429. Null: no firewall. A venue or an office may share an address. About 6 USD a month, and 0.60 USD for a million requests."
  type        = number
  default     = null

  validation {
    condition     = var.web_requests_per_address == null ? true : var.web_requests_per_address >= 10
    error_message = "AWS supports 10 or more."
  }
}

variable "cdn_certificate_arn" {
  description = "Certificate of us-east-1 for the domain name. CloudFront then serves the domain name and keeps page files, posters and seat maps. Null: no CDN. About 0.012 USD for 10,000 requests."
  type        = string
  default     = null

  validation {
    condition     = var.cdn_certificate_arn == null ? true : strcontains(var.cdn_certificate_arn, ":us-east-1:")
    error_message = "CloudFront accepts certificates of us-east-1."
  }

  validation {
    # It would count all clients of an edge location as one address.
    condition     = var.cdn_certificate_arn == null || var.web_requests_per_address == null
    error_message = "The firewall of the load balancer excludes a CDN."
  }
}

variable "log_bucket" {
  description = "Existing S3 bucket for access logs of the load balancer and flow logs of refused packets, or null. Its policy must admit logdelivery.elasticloadbalancing.amazonaws.com and delivery.logs.amazonaws.com."
  type        = string
  default     = null
}

# Services

variable "image_tag" {
  description = "Version of the three images, without a default: an apply without it would return to another version. It takes effect with the next release (terraform/release)."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "A tag that is never reused, such as 1.1.0. The repositories reject a second push of a tag."
  }
}

variable "ami_id" {
  description = "Amazon Linux 2023 image of all services, without a default: a new image is a deliberate release. The output newest_ami_ids names the newest."
  type        = string

  validation {
    condition     = can(regex("^ami-([0-9a-f]{8}|[0-9a-f]{17})$", var.ami_id))
    error_message = "The id of an image, such as ami-0123456789abcdef0."
  }
}

variable "spot_instances" {
  description = "True if the services run on spot instances, which AWS may reclaim after two minutes. For development environments only."
  type        = bool
  default     = false
}

variable "ingress_api" {
  description = "Size of ingress-api: instances (min to max over both zones) and their type. Graviton and x86 types both work."
  type = object({
    min           = optional(number, 2)
    max           = optional(number, 20)
    instance_type = optional(string, "t4g.small")
  })
  default = {}

  validation {
    condition     = var.ingress_api.min >= 2 && var.ingress_api.max >= var.ingress_api.min
    error_message = "At least 2 instances, one for each zone, and max not below min."
  }
}

variable "booking_worker" {
  description = "Size of booking-worker: instances (min to max over both zones) and their type."
  type = object({
    min           = optional(number, 2)
    max           = optional(number, 20)
    instance_type = optional(string, "t4g.small")
  })
  default = {}

  validation {
    condition     = var.booking_worker.min >= 2 && var.booking_worker.max >= var.booking_worker.min
    error_message = "At least 2 instances, one for each zone, and max not below min."
  }
}

variable "notifier" {
  description = "Size of notifier: instances (min to max over both zones) and their type."
  type = object({
    min           = optional(number, 2)
    max           = optional(number, 20)
    instance_type = optional(string, "t4g.micro")
  })
  default = {}

  validation {
    condition     = var.notifier.min >= 2 && var.notifier.max >= var.notifier.min
    error_message = "At least 2 instances, one for each zone, and max not below min."
  }
}

variable "requests_per_target" {
  description = "Target requests a minute of one instance behind the load balancer. Scaling adds instances above it."
  type        = number
  default     = 5000
}

# Scaling of the workers

variable "worker_rate" {
  description = "Decisions a second of one worker, measured on its instance type."
  type        = number
  default     = 500

  validation {
    condition     = var.worker_rate > 0
    error_message = "A rate above zero is needed."
  }
}

variable "wanted_latency_seconds" {
  description = "Target latency of a decision, in seconds."
  type        = number
  default     = 5

  validation {
    condition     = var.wanted_latency_seconds > 0
    error_message = "A latency above zero is needed."
  }
}

variable "longest_message_seconds" {
  description = "Longest processing time of a message, in seconds: 30 s of retries, then the lock timeout (10 s) and the transaction timeout (8 s), rounded up. The visibility timeout is twice this value, because a message may queue in the worker behind another."
  type        = number
  default     = 50

  validation {
    condition     = var.longest_message_seconds >= 48
    error_message = "At least 48 s, the sum of the worker's limits. A lower value causes duplicate deliveries."
  }
}

variable "on_sales" {
  description = "Announced on-sales: the opening (UTC) and the instances of each service at that time. Past on-sales are ignored."
  type = list(object({
    at       = string
    min      = number
    services = optional(set(string), ["booking-worker", "ingress-api", "notifier"])
    # Reserved load balancer capacity (LCU), from the first apply within 24 hours of the opening until the first after it.
    load_balancer_units = optional(number)
  }))
  default = []

  validation {
    condition     = alltrue([for sale in var.on_sales : sale.load_balancer_units == null ? true : sale.load_balancer_units >= 100])
    error_message = "AWS reserves at least 100 units."
  }

  validation {
    condition     = alltrue([for sale in var.on_sales : can(timeadd(sale.at, "0s")) && endswith(sale.at, ":00Z")])
    error_message = "Each opening is a whole minute in UTC, such as 2027-03-01T11:00:00Z (20:00 in Seoul)."
  }

  validation {
    condition = alltrue(flatten([for sale in var.on_sales : [for service in sale.services :
      contains(["booking-worker", "ingress-api", "notifier"], service)
    ]]))
    error_message = "The services are booking-worker, ingress-api and notifier."
  }

  validation {
    condition = alltrue([for sale in var.on_sales :
      sale.min <= min(var.booking_worker.max, var.ingress_api.max, var.notifier.max)
    ])
    error_message = "An on-sale cannot have more instances than the groups' maximum."
  }
}

variable "prewarm_lead_minutes" {
  description = "Minutes between the start of the instances and the opening."
  type        = number
  default     = 15
}

variable "prewarm_hold_minutes" {
  description = "Minutes after the opening for which the instances are kept. The scaling policies apply afterwards."
  type        = number
  default     = 30
}

variable "worker_warm_pool" {
  description = "Stopped workers kept in addition to the running ones, or null for none. Their start skips the installation. Their disks are billed."
  type = object({
    min_size = optional(number, 2)
  })
  default = null
}

# Database

variable "database_instance_class" {
  description = "Class of the writer and the readers."
  type        = string
  default     = "db.t4g.medium"
}

variable "database_engine_version" {
  description = "Aurora MySQL version."
  type        = string
  default     = "8.4.mysql_aurora.8.4.8"
}

variable "database_readers" {
  description = "Read replicas in addition to the writer. Each can become the writer."
  type        = number
  default     = 1

  validation {
    condition     = var.database_readers >= 1 && var.database_readers <= 15
    error_message = "1 to 15. A failover needs a reader."
  }
}

variable "database_connections_warning" {
  description = "Connections to one database instance that raise the warning. The pools of all services at their maximum fit below it. The limit of the server is 25 % above it."
  type        = number
  default     = 400
}

variable "database_ssl_mode" {
  description = "Check of the database's TLS certificate. REQUIRED encrypts. VERIFY_CA and VERIFY_IDENTITY also require the RDS certificate bundle in the trust store of the images."
  type        = string
  default     = "REQUIRED"

  validation {
    condition     = contains(["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"], var.database_ssl_mode)
    error_message = "REQUIRED, VERIFY_CA or VERIFY_IDENTITY."
  }
}

variable "database_binary_log" {
  description = "True if the database writes a row-based binary log, kept 7 days. Replication to another system requires it; point-in-time recovery does not. It delays every commit."
  type        = bool
  default     = true
}

variable "night_starts_utc" {
  description = "Hour (UTC) of the daily backup. Maintenance of the database follows one hour later on Sunday, local time, and maintenance of the cache two hours later. 18 is 03:00 in Seoul."
  type        = number
  default     = 18

  validation {
    condition     = contains(range(0, 21), var.night_starts_utc)
    error_message = "A whole hour from 0 to 20, so that backup and maintenance are on one UTC day."
  }
}

# Cache

variable "cache_node_type" {
  description = "Type of the cache's nodes."
  type        = string
  default     = "cache.t4g.micro"
}

variable "cache_cluster" {
  description = "Shards and replicas of each shard in cluster mode. Null: one primary and one replica."
  type = object({
    shards   = number
    replicas = number
  })
  default = null

  validation {
    condition     = var.cache_cluster == null ? true : var.cache_cluster.shards >= 1 && var.cache_cluster.replicas >= 1
    error_message = "At least one shard, with at least one replica."
  }
}

# Access

variable "cache_token_version" {
  description = "Version of the cache token. A higher version writes cache_token to the cache and to its secret."
  type        = number
  default     = 1

  validation {
    condition     = var.cache_token_version >= 1 && floor(var.cache_token_version) == var.cache_token_version
    error_message = "A whole number from 1."
  }
}

variable "ticket_key_version" {
  description = "Version of the key of ticket ids. A higher version writes ticket_key to its secret."
  type        = number
  default     = 1

  validation {
    condition     = var.ticket_key_version >= 1 && floor(var.ticket_key_version) == var.ticket_key_version
    error_message = "A whole number from 1."
  }
}

variable "cache_token" {
  description = "Token of the cache. terraform/scripts/secrets.sh sets the stored or a new value; a plan does not contain it."
  type        = string
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = can(regex("^[0-9A-Za-z]{32,128}$", var.cache_token))
    error_message = "32 to 128 letters and digits."
  }
}

variable "ticket_key" {
  description = "Key of ticket ids, like cache_token."
  type        = string
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = can(regex("^[0-9A-Za-z]{32,128}$", var.ticket_key))
    error_message = "32 to 128 letters and digits."
  }
}

variable "access_issuer_uri" {
  description = "OpenID Connect issuer of the accepted tokens. Null: the services issue and verify their own tokens with keys of their own."
  type        = string
  default     = null
}

variable "access_audience" {
  description = "Audience that tokens of the OpenID Connect issuer must have. Required with an issuer."
  type        = string
  default     = null

  validation {
    condition     = var.access_issuer_uri == null || var.access_audience != null
    error_message = "An issuer requires an audience."
  }
}

variable "access_public_keys" {
  description = "Public keys of access tokens, base64 of the DER form on one line. Two during a rotation. Required without an issuer."
  type        = list(string)
  default     = []

  validation {
    condition     = var.access_issuer_uri != null || length(var.access_public_keys) > 0
    error_message = "One or two public keys are required."
  }

  validation {
    condition     = length(var.access_public_keys) <= 4 && alltrue([for key in var.access_public_keys : can(regex("^[A-Za-z0-9+/=]+$", key))])
    error_message = "At most four keys, each one line of base64."
  }
}

variable "access_key_secret_arn" {
  description = "Existing secret with the private key of this region. Null: a secret is created without a value."
  type        = string
  default     = null
}

variable "entry_pass_public_keys" {
  description = "Public keys (EC, P-256) of entry passes, base64 of the DER form on one line. Empty: reservations have no pass."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.entry_pass_public_keys) <= 4 && alltrue([for key in var.entry_pass_public_keys : can(regex("^[A-Za-z0-9+/=]+$", key))])
    error_message = "At most four keys, each one line of base64."
  }
}

variable "entry_pass_key_secret_arn" {
  description = "Secret with the private key of entry passes (EC, P-256, PKCS #8). Null: reservations have no pass."
  type        = string
  default     = null

  validation {
    condition     = (var.entry_pass_key_secret_arn == null) == (length(var.entry_pass_public_keys) == 0)
    error_message = "The private key requires its public key in entry_pass_public_keys, and the reverse."
  }
}

variable "session_manager" {
  description = "True if operators may open a shell on the instances through Systems Manager. There is no bastion."
  type        = bool
  default     = false
}

# Observability

variable "alarm_emails" {
  description = "E-mail addresses that receive every alarm and the notifications of the budget. Each must confirm its subscription."
  type        = set(string)
  default     = []
}

variable "page_endpoints" {
  description = "HTTPS addresses of a pager that receive the critical alarms."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for endpoint in var.page_endpoints : startswith(endpoint, "https://")])
    error_message = "An address starts with https://."
  }
}

variable "application_metrics" {
  description = "True if the CloudWatch agent of each instance forwards a fixed list of the application's metrics, for about 9 USD a month."
  type        = bool
  default     = false
}

variable "errors_per_minute" {
  description = "Answers with 5xx in a minute, from the load balancer or from one service, above which an alarm is raised."
  type        = number
  default     = 50
}

variable "database_free_memory_mib" {
  description = "Free memory of a database instance below which an alarm is raised, in MiB."
  type        = number
  default     = 256
}

variable "cpu_credits_minimum" {
  description = "CPU credits of a burstable database or cache node below which an alarm is raised."
  type        = number
  default     = 30
}

variable "queue_age_alarm_seconds" {
  description = "Age of the oldest queued booking that raises an alarm, in seconds."
  type        = number
  default     = 120
}

variable "log_retention_days" {
  description = "Retention of the logs of the services, in days."
  type        = number
  default     = 14
}

variable "monthly_budget" {
  description = "Budget in US dollars a month. Notified at 80 % of actual and 100 % of forecast cost."
  type        = number
  default     = 400
}

# Safety

variable "allow_disruption" {
  description = "Parts that this one apply may shrink or replace: cache, database, fleet, nat. Give it as a flag, never in terraform.tfvars."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for part in var.allow_disruption : contains(["cache", "database", "fleet", "nat"], part)])
    error_message = "The parts are cache, database, fleet and nat."
  }
}

variable "deletion_protection" {
  description = "True if the database and the load balancer are protected against deletion."
  type        = bool
  default     = true
}

variable "second_region" {
  description = "Region that serves America and Europe while this one serves Korea and Japan, or null for none. It runs this configuration (virginia.tfvars). Set its output load_balancer_dns_name here."
  type = object({
    region                 = string
    load_balancer_dns_name = string
  })
  default = null

  validation {
    condition     = var.second_region == null ? true : var.hosted_zone_id != null && var.second_region.region != var.region
    error_message = "Geo-routing needs hosted_zone_id, and a region other than this one."
  }
}
