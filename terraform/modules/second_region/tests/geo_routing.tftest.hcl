# Records of two regions under one name.

mock_provider "aws" { source = "../../tests/mocks" }

variables {
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
  domain_name    = "tickets.example.com"
  first          = { dns_name = "seoul.elb.amazonaws.com", zone_id = "ZSEOUL" }
  second         = { region = "us-east-1", dns_name = "virginia.elb.amazonaws.com" }
}

run "locations_have_records_of_their_region" {
  assert {
    condition = { for place, record in aws_route53_record.first : place => "${record.name} ${record.type} ${one(record.geolocation_routing_policy).country} ${one(record.alias).name} ${one(record.alias).zone_id} ${one(record.alias).evaluate_target_health}" } == {
      korea = "tickets.example.com A KR seoul.elb.amazonaws.com ZSEOUL true"
      japan = "tickets.example.com A JP seoul.elb.amazonaws.com ZSEOUL true"
    }
    error_message = "Countries of the first region, answered while it is healthy."
  }

  assert {
    condition = { for place, record in aws_route53_record.second : place => "${record.name} ${record.type} ${one(record.geolocation_routing_policy).continent} ${one(record.alias).name} ${one(record.alias).zone_id} ${one(record.alias).evaluate_target_health}" } == {
      north-america = "tickets.example.com A NA virginia.elb.amazonaws.com Z35SXDOTRQ7X7K true"
      south-america = "tickets.example.com A SA virginia.elb.amazonaws.com Z35SXDOTRQ7X7K true"
      europe        = "tickets.example.com A EU virginia.elb.amazonaws.com Z35SXDOTRQ7X7K true"
    }
    error_message = "Continents of the second region, in its load balancers' own zone."
  }

  assert {
    condition     = data.aws_lb_hosted_zone_id.second.region == "us-east-1"
    error_message = "The zone of the second region's load balancers."
  }
}

run "each_location_has_one_record" {
  assert {
    condition     = output.routes == { KR = "seoul.elb.amazonaws.com", JP = "seoul.elb.amazonaws.com", NA = "virginia.elb.amazonaws.com", SA = "virginia.elb.amazonaws.com", EU = "virginia.elb.amazonaws.com" }
    error_message = "Two countries of the first region, three continents of the second."
  }

  assert {
    condition     = length(distinct(concat([for record in aws_route53_record.first : record.set_identifier], [for record in aws_route53_record.second : record.set_identifier]))) == 5
    error_message = "Route 53 requires different identifiers under one name."
  }

  assert {
    condition     = alltrue([for record in concat(values(aws_route53_record.first), values(aws_route53_record.second)) : record.zone_id == "Z0123456789ABCDEFGHIJ"])
    error_message = "All records are in the zone of the name."
  }
}
