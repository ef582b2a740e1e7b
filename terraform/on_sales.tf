# Announced on-sales. Instances start before the opening, because a group that reacts to load needs several minutes.

locals {
  on_sale_windows = [for sale in var.on_sales : {
    from     = timeadd(sale.at, "-${var.prewarm_lead_minutes}m")
    until    = timeadd(sale.at, "${var.prewarm_hold_minutes}m")
    min      = sale.min
    services = sale.services
  }]

  # The largest reservation of the on-sales whose window is now or begins within 24 hours.
  load_balancer_units = try(max([
    for sale in var.on_sales : sale.load_balancer_units
    if sale.load_balancer_units != null
    && timecmp(timeadd(sale.at, "-24h"), plantimestamp()) <= 0
    && timecmp(plantimestamp(), timeadd(sale.at, "${var.prewarm_hold_minutes}m")) < 0
  ]...), null)

  group_sizes = {
    booking-worker = var.booking_worker
    ingress-api    = var.ingress_api
    notifier       = var.notifier
  }

  # Current minimum, so that an apply during an on-sale keeps its instances.
  min_now = { for service, size in local.group_sizes : service => max(size.min, [
    for window in local.on_sale_windows : window.min
    if contains(window.services, service)
    && timecmp(window.from, plantimestamp()) <= 0
    && timecmp(plantimestamp(), window.until) < 0
  ]...) }

  # Future instants at which a window begins or ends, each with the minimum from then on. Windows may overlap, so
  # the end of one window keeps the minimum of another.
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
