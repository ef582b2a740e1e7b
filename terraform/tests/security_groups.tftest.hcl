# Permitted connections.

mock_provider "aws" { source = "./tests/mocks" }

run "security_groups_have_their_agreed_names" {
  assert {
    condition = [aws_security_group.alb.name, aws_security_group.ec2.name, aws_security_group.rds.name, aws_security_group.redis.name] == [
      "ticketing-alb-sg", "ticketing-ec2-sg", "ticketing-rds-sg", "ticketing-redis-sg",
    ]
    error_message = "The groups are ticketing-alb-sg, ticketing-ec2-sg, ticketing-rds-sg and ticketing-redis-sg."
  }
}

run "load_balancer_accepts_80_and_443" {
  assert {
    condition     = { for name, rule in aws_vpc_security_group_ingress_rule.alb : rule.from_port => rule.to_port } == { 80 = 80, 443 = 443 }
    error_message = "In: 80 and 443 only."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.alb : rule.cidr_ipv4 == "0.0.0.0/0" && rule.ip_protocol == "tcp" && rule.security_group_id == aws_security_group.alb.id])
    error_message = "From anywhere, TCP."
  }
}

run "load_balancer_connects_to_8080_and_8081" {
  assert {
    condition = [for rule in [aws_vpc_security_group_egress_rule.alb_to_ec2, aws_vpc_security_group_egress_rule.alb_to_notifier] :
      "${rule.security_group_id} ${rule.referenced_security_group_id} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"] == [
      "${aws_security_group.alb.id} ${aws_security_group.ec2.id} tcp 8080-8080",
      "${aws_security_group.alb.id} ${aws_security_group.notifier.id} tcp 8081-8081",
    ]
    error_message = "Out: 8080 to ingress-api's instances, 8081 to notifier's."
  }
}

run "instances_accept_the_load_balancer_only" {
  assert {
    condition = [for rule in [aws_vpc_security_group_ingress_rule.ec2_from_alb, aws_vpc_security_group_ingress_rule.notifier_from_alb] :
      "${rule.security_group_id} ${rule.referenced_security_group_id} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"] == [
      "${aws_security_group.ec2.id} ${aws_security_group.alb.id} tcp 8080-8080",
      "${aws_security_group.notifier.id} ${aws_security_group.alb.id} tcp 8081-8081",
    ]
    error_message = "In: 8080 (notifier: 8081) from the load balancer."
  }
}

run "instances_open_3306_6379_and_443" {
  assert {
    condition = { for name, rule in aws_vpc_security_group_egress_rule.to_rds : rule.security_group_id => "${rule.referenced_security_group_id} ${rule.from_port}-${rule.to_port}" } == {
      for group in [aws_security_group.ec2, aws_security_group.worker] : group.id => "${aws_security_group.rds.id} 3306-3306"
    }
    error_message = "Out: 3306 to the database, from ingress-api and booking-worker only."
  }

  assert {
    condition = { for name, rule in aws_vpc_security_group_egress_rule.to_redis : rule.security_group_id => "${rule.referenced_security_group_id} ${rule.from_port}-${rule.to_port}" } == {
      for group in [aws_security_group.ec2, aws_security_group.worker, aws_security_group.notifier] : group.id => "${aws_security_group.redis.id} 6379-6379"
    }
    error_message = "Out: 6379 to the cache, from all three services."
  }

  assert {
    condition = { for name, rule in aws_vpc_security_group_egress_rule.to_https : rule.security_group_id => "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}" } == {
      for group in [aws_security_group.ec2, aws_security_group.worker, aws_security_group.notifier] : group.id => "0.0.0.0/0 443-443"
    }
    error_message = "Out: 443 to AWS."
  }
}

run "database_accepts_instances_only" {
  assert {
    condition = { for name, rule in aws_vpc_security_group_ingress_rule.rds : rule.referenced_security_group_id => "${rule.security_group_id} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}" } == {
      for group in [aws_security_group.ec2, aws_security_group.worker] : group.id => "${aws_security_group.rds.id} tcp 3306-3306"
    }
    error_message = "In: 3306 from the instances that have a database."
  }

  assert {
    condition     = aws_rds_cluster.main.vpc_security_group_ids == toset([aws_security_group.rds.id])
    error_message = "The database has ticketing-rds-sg only."
  }
}

run "cache_accepts_instances_only" {
  assert {
    condition = { for name, rule in aws_vpc_security_group_ingress_rule.redis : rule.referenced_security_group_id => "${rule.security_group_id} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}" } == {
      for group in [aws_security_group.ec2, aws_security_group.worker, aws_security_group.notifier] : group.id => "${aws_security_group.redis.id} tcp 6379-6379"
    }
    error_message = "In: 6379 from the instances."
  }

  assert {
    condition     = aws_elasticache_replication_group.main.security_group_ids == toset([aws_security_group.redis.id])
    error_message = "The cache has ticketing-redis-sg only."
  }
}

run "endpoints_accept_instances" {
  assert {
    condition = { for name, rule in aws_vpc_security_group_ingress_rule.endpoints : rule.referenced_security_group_id => "${rule.security_group_id} ${rule.from_port}-${rule.to_port}" } == {
      for group in [aws_security_group.ec2, aws_security_group.worker, aws_security_group.notifier] : group.id => "${aws_security_group.endpoints.id} 443-443"
    }
    error_message = "In: 443 from all three services."
  }
}

run "default_group_has_no_rules" {
  assert {
    condition     = length(aws_default_security_group.unused.ingress) == 0 && length(aws_default_security_group.unused.egress) == 0
    error_message = "A resource without a security group has no connectivity."
  }
}
