# Geo-routing between two regions that run this configuration. Each region sells its own events with its own queue,
# database and cache, so no decision crosses regions. Route 53 answers with the region of the client's location. It
# answers with the first region if the second is unhealthy or has no record for the location.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "6.66.0"
    }
  }
}

variable "hosted_zone_id" {
  description = "Route 53 zone of the name."
  type        = string
}

variable "domain_name" {
  description = "Name that both regions serve."
  type        = string
}

variable "first" {
  description = "Load balancer of the first region."
  type = object({
    dns_name = string
    zone_id  = string
  })
}

variable "second" {
  description = "Load balancer of the second region."
  type = object({
    region   = string
    dns_name = string
  })
}

data "aws_lb_hosted_zone_id" "second" {
  region = var.second.region
}

locals {
  first_countries   = { korea = "KR", japan = "JP" }
  second_continents = { north-america = "NA", south-america = "SA", europe = "EU" }
}

resource "aws_route53_record" "first" {
  for_each = local.first_countries

  zone_id        = var.hosted_zone_id
  name           = var.domain_name
  type           = "A"
  set_identifier = each.key

  geolocation_routing_policy {
    country = each.value
  }

  alias {
    name                   = var.first.dns_name
    zone_id                = var.first.zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "second" {
  for_each = local.second_continents

  zone_id        = var.hosted_zone_id
  name           = var.domain_name
  type           = "A"
  set_identifier = each.key

  geolocation_routing_policy {
    continent = each.value
  }

  alias {
    name                   = var.second.dns_name
    zone_id                = data.aws_lb_hosted_zone_id.second.id
    evaluate_target_health = true
  }
}

output "routes" {
  description = "Country or continent => load balancer that serves it."
  value = merge(
    { for place, record in aws_route53_record.first : record.geolocation_routing_policy[0].country => one(record.alias).name },
    { for place, record in aws_route53_record.second : record.geolocation_routing_policy[0].continent => one(record.alias).name },
  )
}
