# Values of all test files of the root. A file or a run overrides them.

domain_name        = "tickets.example.com"
hosted_zone_id     = "Z0123456789ABCDEFGHIJ"
access_public_keys = ["cHVibGljLWtleQ=="]
image_tag          = "1.0.0"
ami_id             = "ami-0123456789abcdef0"
cache_token        = "CacheTokenCacheTokenCacheToken01"
ticket_key         = "TicketKeyTicketKeyTicketKeyTic01"
