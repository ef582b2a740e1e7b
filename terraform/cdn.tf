# Option: a content delivery network (CDN) in front of the load balancer. It keeps what never changes: page files,
# posters and seat maps. Everything else, with the sockets, passes.

locals {
  uses_cdn = var.cdn_certificate_arn != null

  # A proxy appends the address of its client to X-Forwarded-For.
  proxies = local.uses_cdn ? 2 : 1

  # The origin states how long a response lasts: a year for an address with a hash or a revision, else a second.
  cdn_paths = ["/app/*", "/webjars/*", "/api/v1/events/*/poster", "/api/v1/events/*/seat-map"]

  # Policies that AWS manages.
  cdn_no_cache    = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # CachingDisabled
  cdn_all_headers = "216adef6-5c7f-47e4-b989-5492eafa07d3" # AllViewer
}

resource "aws_cloudfront_cache_policy" "immutable" {
  count = local.uses_cdn ? 1 : 0

  name        = "${local.name}-immutable${local.global_suffix}"
  comment     = "Lifetimes of the origin"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "whitelist"

      query_strings {
        # Without `width` and `compact`, another form of a poster or map would take the place of the full one.
        items = ["revision", "width", "compact"]
      }
    }
  }
}

resource "aws_cloudfront_distribution" "main" {
  #checkov:skip=CKV_AWS_68:The limits of the services apply; the firewall of the load balancer excludes a CDN
  #checkov:skip=CKV_AWS_86:Access logs of the load balancer have all requests that are not cached
  #checkov:skip=CKV_AWS_305:The origin serves the root
  #checkov:skip=CKV_AWS_310:The load balancer has several zones
  #checkov:skip=CKV_AWS_374:Sales are open to all countries
  #checkov:skip=CKV2_AWS_32:The origin sets the security headers of each page
  #checkov:skip=CKV2_AWS_47:No service contains Log4j Core

  count = local.uses_cdn ? 1 : 0

  enabled         = true
  comment         = local.name
  aliases         = [var.domain_name]
  http_version    = "http2and3"
  price_class     = "PriceClass_200" # with Asia
  is_ipv6_enabled = false            # the load balancer has IPv4 only

  origin {
    origin_id   = "load-balancer"
    domain_name = aws_lb.main.dns_name

    # The certificate of the load balancer is that of the forwarded host name.
    custom_origin_config {
      http_port                = 80
      https_port               = 443
      origin_protocol_policy   = "https-only"
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = 60 # a long poll takes up to 20 s
      origin_keepalive_timeout = 60
    }
  }

  default_cache_behavior {
    target_origin_id         = "load-balancer"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = local.cdn_no_cache
    origin_request_policy_id = local.cdn_all_headers
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.cdn_paths

    content {
      path_pattern             = ordered_cache_behavior.value
      target_origin_id         = "load-balancer"
      viewer_protocol_policy   = "redirect-to-https"
      allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods           = ["GET", "HEAD"]
      compress                 = true
      cache_policy_id          = aws_cloudfront_cache_policy.immutable[0].id
      origin_request_policy_id = local.cdn_all_headers
    }
  }

  # A missing poster or an overload lasts a moment. The default is 10 s.
  dynamic "custom_error_response" {
    for_each = [404, 500, 502, 503, 504]

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.cdn_certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

data "aws_ec2_managed_prefix_list" "cdn" {
  count = local.uses_cdn ? 1 : 0

  name = "com.amazonaws.global.cloudfront.origin-facing"
}

output "cdn_domain_name" {
  description = "Distribution that the domain name points to; null without a CDN."
  value       = one(aws_cloudfront_distribution.main[*].domain_name)
}
