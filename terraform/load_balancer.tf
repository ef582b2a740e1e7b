resource "aws_lb" "main" {
  #checkov:skip=CKV2_AWS_76:No service contains Log4j Core

  name               = local.name
  load_balancer_type = "application"
  internal           = false
  subnets            = [for subnet in aws_subnet.public : subnet.id]
  security_groups    = [aws_security_group.alb.id]

  # Above the 60 s after which the notifier closes a silent connection. The notifier pings every 25 s.
  idle_timeout = 300

  drop_invalid_header_fields = true
  enable_zonal_shift         = true
  enable_deletion_protection = var.deletion_protection

  dynamic "access_logs" {
    for_each = var.log_bucket == null ? [] : [var.log_bucket]
    content {
      enabled = true
      bucket  = access_logs.value
      prefix  = "load-balancer"
    }
  }

  dynamic "minimum_load_balancer_capacity" {
    for_each = local.load_balancer_units == null ? [] : [local.load_balancer_units]
    content {
      capacity_units = minimum_load_balancer_capacity.value
    }
  }
}

resource "aws_lb_target_group" "ingress_api" {
  #checkov:skip=CKV_AWS_378:Targets are in private subnets and accept the load balancer only

  name                 = "${local.name}-ingress-api"
  vpc_id               = aws_vpc.main.id
  target_type          = "instance"
  protocol             = "HTTP"
  port                 = 8080
  deregistration_delay = local.deregistration_seconds.ingress_api

  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_target_group" "ingress_api_waits" {
  #checkov:skip=CKV_AWS_378:Targets are in private subnets and accept the load balancer only

  # Same instances, for long polls. Their response times would distort the alarm on response time.
  name                 = "${local.name}-ingress-api-waits"
  vpc_id               = aws_vpc.main.id
  target_type          = "instance"
  protocol             = "HTTP"
  port                 = 8080
  deregistration_delay = local.deregistration_seconds.ingress_api

  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_target_group" "notifier" {
  #checkov:skip=CKV_AWS_378:Targets are in private subnets and accept the load balancer only

  name                 = "${local.name}-notifier"
  vpc_id               = aws_vpc.main.id
  target_type          = "instance"
  protocol             = "HTTP"
  port                 = 8081
  deregistration_delay = local.deregistration_seconds.notifier

  # Counts open connections, so a new instance receives the next connections.
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

locals {
  # Time of a draining instance to finish: the longest poll (20 s) with a margin, or the time to close its
  # WebSocket connections. Their clients reconnect to another instance.
  deregistration_seconds = { ingress_api = 30, notifier = 60 }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = local.certificate_arn

  routing_http_response_strict_transport_security_header_value = "max-age=31536000"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.ingress_api.arn
  }
}

resource "aws_lb_listener_rule" "actuator" {
  # Second barrier: the management ports are not reachable from the load balancer.
  listener_arn = aws_lb_listener.https.arn
  priority     = 1

  condition {
    path_pattern {
      values = ["/actuator*"]
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = jsonencode({ type = "about:blank", title = "Not Found", status = 404, code = "NOT_FOUND" })
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "sockets" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  condition {
    path_pattern {
      values = ["/ws/*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.notifier.arn
  }
}

resource "aws_lb_listener_rule" "waits" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 20

  condition {
    http_header {
      http_header_name = "Prefer"
      values           = ["*wait=*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.ingress_api_waits.arn
  }
}

# Name and certificate

locals {
  owns_zone       = var.hosted_zone_id != null
  certificate_arn = local.owns_zone ? aws_acm_certificate_validation.main[0].certificate_arn : var.certificate_arn
}

# A certificate belongs to one region. Both regions have one for the shared name, and ACM requests the same validation
# record for a name in every region. Only the state of the first region contains the record of the shared name, so a
# teardown of the second region does not end the renewal in the first.

resource "aws_acm_certificate" "main" {
  count = local.owns_zone ? 1 : 0

  domain_name               = var.domain_name
  subject_alternative_names = var.shared_domain_name == null ? [] : [var.shared_domain_name]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "certificate" {
  for_each = local.owns_zone ? toset([var.domain_name]) : []

  zone_id = var.hosted_zone_id
  name    = one([for option in aws_acm_certificate.main[0].domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type    = one([for option in aws_acm_certificate.main[0].domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records = [one([for option in aws_acm_certificate.main[0].domain_validation_options : option.resource_record_value if option.domain_name == each.key])]
  ttl     = 300
}

resource "aws_acm_certificate_validation" "main" {
  count = local.owns_zone ? 1 : 0

  certificate_arn         = aws_acm_certificate.main[0].arn
  validation_record_fqdns = [for option in aws_acm_certificate.main[0].domain_validation_options : trimsuffix(option.resource_record_name, ".")]

  depends_on = [aws_route53_record.certificate]
}

resource "aws_route53_record" "main" {
  # Geolocation records from the start, with this region as the default location. A second region then only adds
  # records, and the name stays resolvable.
  count = local.owns_zone ? 1 : 0

  zone_id        = var.hosted_zone_id
  name           = var.domain_name
  type           = "A"
  set_identifier = "default"

  geolocation_routing_policy {
    country = "*"
  }

  alias {
    name                   = local.uses_cdn ? aws_cloudfront_distribution.main[0].domain_name : aws_lb.main.dns_name
    zone_id                = local.uses_cdn ? aws_cloudfront_distribution.main[0].hosted_zone_id : aws_lb.main.zone_id
    evaluate_target_health = !local.uses_cdn
  }
}

output "url" {
  description = "Address of the system."
  value       = "https://${var.domain_name}"
}

output "load_balancer_dns_name" {
  description = "Load balancer that the domain name points to without a CDN."
  value       = aws_lb.main.dns_name
}
