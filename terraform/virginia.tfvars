# Second region: this configuration in a second checkout with its own state. See docs/how-to/add-a-second-region.md. Add
# hosted_zone_id, and the keys of this region.

region            = "us-east-1"
zones             = ["a", "b"]
nat_gateway_zones = ["a"]
vpc_cidr          = "10.1.0.0/16"
night_starts_utc  = 8 # 03:00 in winter

# Name of this region, and the name that both regions serve.
domain_name        = "us.tickets.example.com"
shared_domain_name = "tickets.example.com"
