# Option of a CDN.

mock_provider "aws" { source = "./tests/mocks" }

run "cdn_is_off_by_default" {
  command = plan

  assert {
    condition     = length(aws_cloudfront_distribution.main) == 0 && length(aws_cloudfront_cache_policy.immutable) == 0 && local.proxies == 1
    error_message = "The default has no CDN, and one proxy."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.alb : rule.cidr_ipv4 == "0.0.0.0/0"])
    error_message = "Clients connect to the load balancer."
  }
}

run "cdn_keeps_what_never_changes" {
  command = plan

  variables {
    cdn_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  }

  assert {
    condition     = [for behaviour in aws_cloudfront_distribution.main[0].ordered_cache_behavior : behaviour.path_pattern] == ["/app/*", "/webjars/*", "/api/v1/events/*/poster", "/api/v1/events/*/seat-map"]
    error_message = "Page files, posters and seat maps are cached."
  }

  assert {
    condition     = one(aws_cloudfront_distribution.main[0].default_cache_behavior).cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    error_message = "Nothing else is cached."
  }

  assert {
    condition     = toset(one(one(one(aws_cloudfront_cache_policy.immutable[0].parameters_in_cache_key_and_forwarded_to_origin).query_strings_config).query_strings).items) == toset(["revision", "width", "compact"])
    error_message = "Each revision and each form of a poster or map is a different object."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.immutable[0].default_ttl == 0 && aws_cloudfront_cache_policy.immutable[0].min_ttl == 0 && alltrue([for error in aws_cloudfront_distribution.main[0].custom_error_response : error.error_caching_min_ttl == 0])
    error_message = "A response without a lifetime and an error are not cached."
  }

  assert {
    condition     = local.proxies == 2 && alltrue([for rule in aws_vpc_security_group_ingress_rule.alb : rule.cidr_ipv4 == null]) && length(aws_vpc_security_group_ingress_rule.alb) == 1
    error_message = "The address of a client follows from two proxies, so only the CDN may connect to the load balancer."
  }
}

run "refuses_a_cdn_with_the_firewall" {
  command = plan

  variables {
    cdn_certificate_arn      = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    web_requests_per_address = 3000
  }

  expect_failures = [var.cdn_certificate_arn]
}

run "refuses_a_certificate_of_another_region" {
  command = plan

  variables {
    cdn_certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/1"
  }

  expect_failures = [var.cdn_certificate_arn]
}
