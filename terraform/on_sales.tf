# Announced on-sales: instances are started before the flood, because a group that reacts to it needs
# minutes that an on-sale does not have.

locals {
  on_sale_windows = [for sale in var.on_sales : {
    from     = timeadd(sale.at, "-${var.prewarm_lead_minutes}m")
    until    = timeadd(sale.at, "${var.prewarm_hold_minutes}m")
    min      = sale.min
    services = sale.services
  }]

  group_sizes = {
    booking-worker = var.booking_worker
    ingress-api    = var.ingress_api
    notifier       = var.notifier
  }

  # The minimum at this moment: an apply in the middle of an on-sale must not undo its pre-warming.
  min_now = { for service, size in local.group_sizes : service => max(size.min, [
    for window in local.on_sale_windows : window.min
    if contains(window.services, service)
    && timecmp(window.from, plantimestamp()) <= 0
    && timecmp(plantimestamp(), window.until) < 0
  ]...) }

  # Every coming instant at which a window begins or ends, with the minimum that holds from then on:
  # windows may overlap, and the end of one must not undo the other.
  prewarm_instants = distinct([
    for instant in concat(local.on_sale_windows[*].from, local.on_sale_windows[*].until) : instant
    if timecmp(instant, plantimestamp()) > 0
  ])
  prewarm = { for service, size in local.group_sizes : service => {
    for instant in local.prewarm_instants : formatdate("YYYY-MM-DD-hhmm", instant) => {
      at = instant
      min = max(size.min, [
        for window in local.on_sale_windows : window.min
        if contains(window.services, service)
        && timecmp(window.from, instant) <= 0
        && timecmp(instant, window.until) < 0
      ]...)
    }
  } }
}
