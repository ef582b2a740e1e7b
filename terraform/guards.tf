# Existing resources, read at each plan. Preconditions compare them with the variables, so that a plan without the
# values of an earlier apply fails instead of shrinking the system. The data sources return empty lists for a new system.

data "aws_db_instances" "existing" {
  filter {
    name   = "db-cluster-id"
    values = [local.name]
  }
}

data "aws_db_instance" "existing" {
  for_each = toset(data.aws_db_instances.existing.instance_identifiers)

  db_instance_identifier = each.key
}

data "aws_resourcegroupstaggingapi_resources" "caches" {
  resource_type_filters = ["elasticache:replicationgroup"]

  tag_filter {
    key    = "Project"
    values = [local.name]
  }
}

data "aws_nat_gateways" "existing" {
  for_each = toset(var.zones)

  tags = { Name = "${local.name}-${each.key}", Project = local.name }

  filter {
    name   = "state"
    values = ["available", "pending"]
  }
}

data "aws_autoscaling_groups" "existing" {
  names = [for service in keys(local.group_sizes) : "${local.name}-${service}"]
}

data "aws_autoscaling_group" "existing" {
  for_each = toset(data.aws_autoscaling_groups.existing.names)

  name = each.key
}

locals {
  existing_caches    = [for cache in data.aws_resourcegroupstaggingapi_resources.caches.resource_tag_mapping_list : reverse(split(":", cache.resource_arn))[0]]
  existing_nat_zones = [for zone, gateways in data.aws_nat_gateways.existing : zone if length(gateways.ids) > 0]
}

resource "terraform_data" "guards" {
  lifecycle {
    precondition {
      condition     = contains(var.allow_disruption, "database") || length(data.aws_db_instances.existing.instance_identifiers) <= 1 + var.database_readers
      error_message = "The plan removes database instances: ${length(data.aws_db_instances.existing.instance_identifiers)} exist, database_readers = ${var.database_readers}. Correct terraform.tfvars, or give -var 'allow_disruption=[\"database\"]'."
    }

    precondition {
      condition     = contains(var.allow_disruption, "database") || alltrue([for instance in data.aws_db_instance.existing : instance.db_instance_class == var.database_instance_class])
      error_message = "The plan changes the class of database instances to ${var.database_instance_class}, which restarts them. Correct terraform.tfvars, or give -var 'allow_disruption=[\"database\"]'."
    }

    precondition {
      condition     = contains(var.allow_disruption, "cache") || alltrue([for cache in local.existing_caches : cache == local.cache_id])
      error_message = "The plan replaces the cache ${join(", ", local.existing_caches)} by ${local.cache_id}. Correct terraform.tfvars, or give -var 'allow_disruption=[\"cache\"]'."
    }

    precondition {
      condition     = contains(var.allow_disruption, "fleet") || alltrue([for name, group in data.aws_autoscaling_group.existing : group.desired_capacity <= local.group_sizes[trimprefix(name, "${local.name}-")].max])
      error_message = "The plan terminates instances: a group has more instances than its new maximum. Correct terraform.tfvars, or give -var 'allow_disruption=[\"fleet\"]'."
    }

    precondition {
      condition     = contains(var.allow_disruption, "nat") || length(setsubtract(local.existing_nat_zones, var.nat_gateway_zones)) == 0
      error_message = "The plan removes the NAT gateway of zone ${join(", ", setsubtract(local.existing_nat_zones, var.nat_gateway_zones))}. Correct terraform.tfvars, or give -var 'allow_disruption=[\"nat\"]'."
    }

    # Not overridable: the routes would point to a deleted gateway until the new one exists.
    precondition {
      condition     = length(local.existing_nat_zones) == 0 || length(setintersection(local.existing_nat_zones, var.nat_gateway_zones)) > 0
      error_message = "Add the new zone to nat_gateway_zones, apply, and remove the old zone with the next apply."
    }
  }
}
