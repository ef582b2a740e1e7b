# Load balancer: the only public entry, with TLS.

mock_provider "aws" { source = "./tests/mocks" }

override_resource {
  target = aws_lb_target_group.ingress_api_waits
  values = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/ticketing-ingress-api-waits/3" }
}

override_resource {
  target = aws_lb_target_group.ingress_api
  values = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/ticketing-ingress-api/6d0ecf831eec9f09" }
}

override_resource {
  target = aws_lb_target_group.notifier
  values = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/ticketing-notifier/7d0ecf831eec9f09" }
}

override_resource {
  # A distinct ARN, so that a rule at the wrong listener is detected.
  target = aws_lb_listener.http
  values = { arn = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/ticketing/50dc6c495c0c9188/80" }
}

run "load_balancer_is_in_both_public_subnets" {
  assert {
    condition     = aws_lb.main.load_balancer_type == "application" && aws_lb.main.internal == false && aws_lb.main.subnets == toset([for subnet in aws_subnet.public : subnet.id])
    error_message = "An application load balancer for the internet, in both zones."
  }

  assert {
    condition     = aws_lb.main.security_groups == toset([aws_security_group.alb.id]) && aws_lb.main.enable_deletion_protection && aws_lb.main.drop_invalid_header_fields && aws_lb.main.enable_zonal_shift
    error_message = "It has ticketing-alb-sg and deletion protection, drops invalid headers, and supports a zonal shift."
  }

  assert {
    condition     = aws_lb.main.idle_timeout == 300
    error_message = "A connection with a ping every 25 s does not reach the idle timeout of 300 s."
  }
}

run "port_80_only_redirects_to_443" {
  assert {
    condition     = aws_lb_listener.http.port == 80 && aws_lb_listener.http.default_action[0].type == "redirect"
    error_message = "80 redirects."
  }

  assert {
    condition     = [for redirect in aws_lb_listener.http.default_action[0].redirect : "${redirect.protocol} ${redirect.port} ${redirect.status_code}"] == ["HTTPS 443 HTTP_301"]
    error_message = "To HTTPS on 443, permanently."
  }
}

run "tls_ends_at_the_load_balancer" {
  assert {
    condition     = aws_lb_listener.https.port == 443 && aws_lb_listener.https.protocol == "HTTPS" && aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "TLS 1.2 and 1.3 on 443."
  }

  assert {
    condition     = aws_lb_listener.https.certificate_arn == aws_acm_certificate_validation.main[0].certificate_arn
    error_message = "With the validated certificate."
  }

  assert {
    condition     = aws_acm_certificate.main[0].domain_name == "tickets.example.com" && aws_acm_certificate.main[0].validation_method == "DNS" && aws_route53_record.certificate["tickets.example.com"].records == toset(["_424c7224e9b0146f9a8808af955727d0.acm-validations.aws."])
    error_message = "The certificate is for the domain name and proved in its zone."
  }

  assert {
    condition     = aws_lb_listener.https.routing_http_response_strict_transport_security_header_value == "max-age=31536000"
    error_message = "Responses have the HSTS header."
  }
}

run "websockets_go_to_notifier_others_to_ingress_api" {
  assert {
    condition     = [for action in aws_lb_listener.https.default_action : "${action.type} ${action.target_group_arn}"] == ["forward ${aws_lb_target_group.ingress_api.arn}"]
    error_message = "By default to ingress-api."
  }

  assert {
    condition     = one(one(aws_lb_listener_rule.sockets.condition).path_pattern).values == toset(["/ws/*"]) && one(aws_lb_listener_rule.sockets.action).type == "forward" && one(aws_lb_listener_rule.sockets.action).target_group_arn == aws_lb_target_group.notifier.arn
    error_message = "/ws/* to notifier."
  }

  assert {
    condition     = aws_lb_listener_rule.sockets.listener_arn == aws_lb_listener.https.arn && aws_lb_listener_rule.actuator.listener_arn == aws_lb_listener.https.arn && aws_lb_listener_rule.actuator.priority < aws_lb_listener_rule.sockets.priority
    error_message = "Both rules belong to 443."
  }
}

run "actuator_paths_are_not_forwarded" {
  assert {
    condition     = one(one(aws_lb_listener_rule.actuator.condition).path_pattern).values == toset(["/actuator*"])
    error_message = "/actuator and its sub-paths."
  }

  assert {
    condition     = one(aws_lb_listener_rule.actuator.action).type == "fixed-response" && one(one(aws_lb_listener_rule.actuator.action).fixed_response).status_code == "404"
    error_message = "The load balancer answers 404."
  }
}

run "long_polls_have_their_own_target_group" {
  assert {
    condition     = [for header in one(aws_lb_listener_rule.waits.condition).http_header : "${header.http_header_name}: ${one(header.values)}"] == ["Prefer: *wait=*"] && one(aws_lb_listener_rule.waits.action).target_group_arn == aws_lb_target_group.ingress_api_waits.arn
    error_message = "Prefer: wait=N uses a separate target group, so that the alarm on response time excludes long polls."
  }

  assert {
    condition     = aws_lb_listener_rule.actuator.priority < aws_lb_listener_rule.sockets.priority && aws_lb_listener_rule.sockets.priority < aws_lb_listener_rule.waits.priority && aws_lb_listener_rule.waits.listener_arn == aws_lb_listener.https.arn
    error_message = "The header changes neither the rule of /actuator nor that of /ws."
  }
}

run "health_check_uses_readyz" {
  assert {
    condition = [for group in [aws_lb_target_group.ingress_api, aws_lb_target_group.ingress_api_waits, aws_lb_target_group.notifier] :
      [for check in group.health_check : "${check.path} ${check.matcher} ${check.interval} ${check.timeout} ${check.healthy_threshold} ${check.unhealthy_threshold}"]
    ] == [["/readyz 200 10 5 2 3"], ["/readyz 200 10 5 2 3"], ["/readyz 200 10 5 2 3"]]
    error_message = "GET /readyz every 10 s: healthy after two successes, unhealthy after three failures."
  }

  assert {
    condition     = [for group in [aws_lb_target_group.ingress_api, aws_lb_target_group.ingress_api_waits, aws_lb_target_group.notifier] : "${group.protocol} ${group.port} ${group.target_type}"] == ["HTTP 8080 instance", "HTTP 8080 instance", "HTTP 8081 instance"]
    error_message = "8080 and 8081."
  }
}

run "each_target_group_has_its_deregistration_delay" {
  assert {
    condition     = [tonumber(aws_lb_target_group.ingress_api.deregistration_delay), tonumber(aws_lb_target_group.ingress_api_waits.deregistration_delay), tonumber(aws_lb_target_group.notifier.deregistration_delay)] == [30, 30, 60]
    error_message = "A long poll takes 20 s; WebSocket clients reconnect to another target."
  }

  assert {
    condition     = [aws_lb_target_group.ingress_api.load_balancing_algorithm_type, aws_lb_target_group.notifier.load_balancing_algorithm_type] == ["least_outstanding_requests", "least_outstanding_requests"]
    error_message = "New connections go to the target with the fewest."
  }
}

run "the_domain_name_points_at_the_load_balancer" {
  assert {
    condition     = aws_route53_record.main[0].name == "tickets.example.com" && aws_route53_record.main[0].type == "A" && one(aws_route53_record.main[0].alias).name == aws_lb.main.dns_name && one(aws_route53_record.main[0].alias).evaluate_target_health
    error_message = "An alias of the load balancer, while it is healthy."
  }

  assert {
    condition     = one(aws_route53_record.main[0].geolocation_routing_policy).country == "*"
    error_message = "The answer for every place that no other record names."
  }
}

run "own_certificate_needs_no_zone" {
  variables {
    hosted_zone_id  = null
    certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/own"
  }

  assert {
    condition     = aws_lb_listener.https.certificate_arn == "arn:aws:acm:ap-northeast-2:123456789012:certificate/own" && length(aws_acm_certificate.main) == 0 && length(aws_route53_record.main) == 0
    error_message = "The certificate given is used, and no record is made."
  }
}

run "refuses_neither_zone_nor_certificate" {
  command = plan

  variables {
    hosted_zone_id = null
  }

  expect_failures = [var.certificate_arn]
}
