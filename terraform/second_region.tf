module "second_region" {
  source = "./modules/second_region"
  count  = var.second_region == null ? 0 : 1

  hosted_zone_id = var.hosted_zone_id
  domain_name    = var.domain_name
  first          = { dns_name = aws_lb.main.dns_name, zone_id = aws_lb.main.zone_id }
  second         = { region = var.second_region.region, dns_name = var.second_region.load_balancer_dns_name }

  # The default record must exist before the records of other locations.
  depends_on = [aws_route53_record.main]
}

output "geo_routes" {
  description = "Country or continent => load balancer that serves it. Null without a second region."
  value       = one(module.second_region[*].routes)
}
