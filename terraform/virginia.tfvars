# The second region: this same configuration, in a workspace (and so a state) of its own. Read
# docs/how-to/add-a-second-region.md first; add hosted_zone_id and, from the first region's outputs,
# access_key_secret_arn.

region            = "us-east-1"
zones             = ["a", "b"]
nat_gateway_zones = ["a"]
vpc_cidr          = "10.1.0.0/16"
night_starts_utc  = 8 # 03:00 in winter

# Its own name, and the name that both regions answer to.
domain_name                   = "us.tickets.example.com"
certificate_alternative_names = ["tickets.example.com"]
