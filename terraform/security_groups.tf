# Permitted connections. A group has no rule by default; each resource adds one rule.

resource "aws_security_group" "alb" {
  name        = "${local.name}-alb-sg"
  description = "Load balancer"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "ec2" {
  name        = "${local.name}-ec2-sg"
  description = "Instances of ingress-api"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "worker" {
  name        = "${local.name}-ec2-worker-sg"
  description = "Instances of booking-worker"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "notifier" {
  name        = "${local.name}-ec2-notifier-sg"
  description = "Instances of notifier"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "rds" {
  name        = "${local.name}-rds-sg"
  description = "Database"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "redis" {
  name        = "${local.name}-redis-sg"
  description = "Cache"
  vpc_id      = aws_vpc.main.id
}

resource "aws_security_group" "endpoints" {
  name        = "${local.name}-endpoints-sg"
  description = "Interface endpoints of AWS services"
  vpc_id      = aws_vpc.main.id
}

locals {
  # Groups of the instances with the permitted destinations of each.
  instance_groups = {
    ec2      = { id = aws_security_group.ec2.id, database = true }
    worker   = { id = aws_security_group.worker.id, database = true }
    notifier = { id = aws_security_group.notifier.id, database = false }
  }
  database_clients = { for name, group in local.instance_groups : name => group if group.database }
}

# Load balancer

resource "aws_vpc_security_group_ingress_rule" "alb" {
  #checkov:skip=CKV_AWS_260:Port 80 only redirects to HTTPS

  # Another sender than the CDN could state any client address.
  for_each = local.uses_cdn ? { https = 443 } : { http = 80, https = 443 }

  security_group_id = aws_security_group.alb.id
  description       = "${upper(each.key)} from ${local.uses_cdn ? "the CDN" : "anywhere"}"
  cidr_ipv4         = local.uses_cdn ? null : "0.0.0.0/0"
  prefix_list_id    = local.uses_cdn ? data.aws_ec2_managed_prefix_list.cdn[0].id : null
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_egress_rule" "alb_to_ec2" {
  security_group_id            = aws_security_group.alb.id
  description                  = "To ingress-api"
  referenced_security_group_id = aws_security_group.ec2.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_egress_rule" "alb_to_notifier" {
  security_group_id            = aws_security_group.alb.id
  description                  = "To notifier"
  referenced_security_group_id = aws_security_group.notifier.id
  ip_protocol                  = "tcp"
  from_port                    = 8081
  to_port                      = 8081
}

# Instances. booking-worker accepts no connections.

resource "aws_vpc_security_group_ingress_rule" "ec2_from_alb" {
  security_group_id            = aws_security_group.ec2.id
  description                  = "From the load balancer"
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_ingress_rule" "notifier_from_alb" {
  security_group_id            = aws_security_group.notifier.id
  description                  = "From the load balancer"
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = 8081
  to_port                      = 8081
}

resource "aws_vpc_security_group_egress_rule" "to_rds" {
  for_each = local.database_clients

  security_group_id            = each.value.id
  description                  = "To the database"
  referenced_security_group_id = aws_security_group.rds.id
  ip_protocol                  = "tcp"
  from_port                    = 3306
  to_port                      = 3306
}

resource "aws_vpc_security_group_egress_rule" "to_redis" {
  for_each = local.instance_groups

  security_group_id            = each.value.id
  description                  = "To the cache"
  referenced_security_group_id = aws_security_group.redis.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_egress_rule" "to_https" {
  # AWS services, the package repository, and (notifier) the public name of ingress-api.
  for_each = local.instance_groups

  security_group_id = each.value.id
  description       = "HTTPS to anywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# Database, cache and endpoints. They open no connections.

resource "aws_vpc_security_group_ingress_rule" "rds" {
  for_each = local.database_clients

  security_group_id            = aws_security_group.rds.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value.id
  ip_protocol                  = "tcp"
  from_port                    = 3306
  to_port                      = 3306
}

resource "aws_vpc_security_group_ingress_rule" "redis" {
  for_each = local.instance_groups

  security_group_id            = aws_security_group.redis.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = local.instance_groups

  security_group_id            = aws_security_group.endpoints.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}
