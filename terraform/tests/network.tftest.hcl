# Network: one region, two zones, three kinds of subnet.

mock_provider "aws" { source = "./tests/mocks" }

run "network_is_a_slash_16_in_seoul" {
  assert {
    condition     = var.region == "ap-northeast-2"
    error_message = "The region is ap-northeast-2."
  }

  assert {
    condition     = aws_vpc.main.cidr_block == "10.0.0.0/16"
    error_message = "The network is 10.0.0.0/16."
  }
}

run "each_zone_has_three_kinds_of_subnet" {
  assert {
    condition     = { for zone, subnet in aws_subnet.public : subnet.availability_zone => subnet.cidr_block } == { ap-northeast-2a = "10.0.1.0/24", ap-northeast-2c = "10.0.2.0/24" }
    error_message = "Public subnets: 10.0.1.0/24 in 2a, 10.0.2.0/24 in 2c."
  }

  assert {
    condition     = { for zone, subnet in aws_subnet.private : subnet.availability_zone => subnet.cidr_block } == { ap-northeast-2a = "10.0.11.0/24", ap-northeast-2c = "10.0.12.0/24" }
    error_message = "Private subnets: 10.0.11.0/24 in 2a, 10.0.12.0/24 in 2c."
  }

  assert {
    condition     = { for zone, subnet in aws_subnet.database : subnet.availability_zone => subnet.cidr_block } == { ap-northeast-2a = "10.0.21.0/24", ap-northeast-2c = "10.0.22.0/24" }
    error_message = "Database subnets: 10.0.21.0/24 in 2a, 10.0.22.0/24 in 2c."
  }
}

run "public_subnets_share_a_route_table" {
  assert {
    condition     = aws_internet_gateway.main.vpc_id == aws_vpc.main.id
    error_message = "The internet gateway belongs to the network."
  }

  assert {
    condition     = aws_route.internet.gateway_id == aws_internet_gateway.main.id && aws_route.internet.destination_cidr_block == "0.0.0.0/0" && aws_route.internet.route_table_id == aws_route_table.public.id
    error_message = "The public route table leads everything else to the internet gateway."
  }

  assert {
    condition     = { for zone, link in aws_route_table_association.public : link.subnet_id => link.route_table_id } == { for zone, subnet in aws_subnet.public : subnet.id => aws_route_table.public.id }
    error_message = "Both public subnets use the public route table."
  }
}

run "each_private_subnet_has_its_own_route_table" {
  assert {
    condition     = { for zone, link in aws_route_table_association.private : link.subnet_id => link.route_table_id } == { for zone, subnet in aws_subnet.private : subnet.id => aws_route_table.private[zone].id }
    error_message = "Each private subnet uses its zone's route table."
  }

  assert {
    condition     = length(distinct([for table in aws_route_table.private : table.id])) == 2
    error_message = "There is one private route table in each zone."
  }
}

run "by_default_one_nat_gateway_serves_both_zones" {
  assert {
    condition     = [for zone, gateway in aws_nat_gateway.main : gateway.subnet_id] == [aws_subnet.public["a"].id]
    error_message = "The NAT gateway stands in the public subnet of 2a."
  }

  assert {
    condition     = { for zone, route in aws_route.nat : route.route_table_id => route.nat_gateway_id } == { for zone, table in aws_route_table.private : table.id => aws_nat_gateway.main["a"].id }
    error_message = "Both private route tables lead to it."
  }
}

run "each_zone_can_have_a_nat_gateway" {
  variables {
    nat_gateway_zones = ["a", "c"]
  }

  assert {
    condition     = { for zone, gateway in aws_nat_gateway.main : zone => gateway.subnet_id } == { for zone, subnet in aws_subnet.public : zone => subnet.id }
    error_message = "A NAT gateway stands in each public subnet."
  }

  assert {
    condition     = { for zone, route in aws_route.nat : zone => route.nat_gateway_id } == { for zone, gateway in aws_nat_gateway.main : zone => gateway.id }
    error_message = "Each private route table leads to its own zone's NAT gateway."
  }
}

run "nat_gateway_can_move_to_another_zone" {
  variables {
    nat_gateway_zones = ["c"]
  }

  assert {
    condition     = { for zone, route in aws_route.nat : zone => route.nat_gateway_id } == { a = aws_nat_gateway.main["c"].id, c = aws_nat_gateway.main["c"].id }
    error_message = "With 2a lost, both zones leave through 2c."
  }
}

run "database_subnets_have_no_way_out" {
  assert {
    condition     = { for zone, link in aws_route_table_association.database : link.subnet_id => link.route_table_id } == { for zone, subnet in aws_subnet.database : subnet.id => aws_route_table.database.id }
    error_message = "Both database subnets use the route table without a route."
  }

  assert {
    # Read from the source text, because assertions see only the resources that they name.
    condition = toset(flatten([for file in fileset(path.root, "**/*.tf") :
      [for name in regexall("resource \"(aws_(?:\\w+_)?route(?:_\\w+)?)\" \"(\\w+)\"", file("${path.root}/${file}")) : join(".", name)]
      ])) == toset([
      "aws_route.internet", "aws_route.nat",
      "aws_route_table.database", "aws_route_table.private", "aws_route_table.public",
      "aws_route_table_association.database", "aws_route_table_association.private", "aws_route_table_association.public",
    ])
    error_message = "There are no other routes than these."
  }

  assert {
    condition     = length(aws_route_table.database.route) == 0
    error_message = "The database's route table has no route of its own."
  }

  assert {
    condition     = !contains(concat([aws_route.internet.route_table_id], [for route in aws_route.nat : route.route_table_id]), aws_route_table.database.id)
    error_message = "No route leads out of the database subnets."
  }
}

run "sqs_has_an_endpoint_in_both_zones" {
  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["sqs"] && aws_vpc_endpoint.interface["sqs"].service_name == "com.amazonaws.ap-northeast-2.sqs"
    error_message = "SQS, and by default only SQS, has an interface endpoint."
  }

  assert {
    condition     = aws_vpc_endpoint.interface["sqs"].private_dns_enabled && aws_vpc_endpoint.interface["sqs"].subnet_ids == toset([for subnet in aws_subnet.private : subnet.id])
    error_message = "The endpoint answers to the service's own name in both zones."
  }

  assert {
    condition     = aws_vpc_endpoint.interface["sqs"].security_group_ids == toset([aws_security_group.endpoints.id])
    error_message = "Only the instances reach the endpoint."
  }
}

run "image_layers_use_the_s3_endpoint" {
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.route_table_ids == toset([for table in aws_route_table.private : table.id])
    error_message = "Both private route tables have the S3 gateway endpoint."
  }
}

run "interface_endpoints_are_an_option" {
  variables {
    interface_endpoints = ["ecr.api", "ecr.dkr", "secretsmanager", "sqs"]
  }

  assert {
    condition     = [for endpoint in aws_vpc_endpoint.interface : trimprefix(endpoint.service_name, "com.amazonaws.ap-northeast-2.")] == ["ecr.api", "ecr.dkr", "secretsmanager", "sqs"]
    error_message = "Each service that is named gets an endpoint."
  }
}

run "refuses_a_nat_gateway_in_an_unused_zone" {
  command = plan

  variables {
    nat_gateway_zones = ["b"]
  }

  expect_failures = [var.nat_gateway_zones]
}

run "refuses_a_single_zone" {
  command = plan

  variables {
    zones = ["a", "a"]
  }

  expect_failures = [var.zones]
}

run "refuses_a_network_other_than_slash_16" {
  command = plan

  variables {
    vpc_cidr = "10.0.0.0/20"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_an_endpoint_for_an_unused_service" {
  command = plan

  variables {
    interface_endpoints = ["ec2"]
  }

  expect_failures = [var.interface_endpoints]
}
