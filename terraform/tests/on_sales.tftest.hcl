# Announced on-sales: instances start before the opening.

mock_provider "aws" { source = "./tests/mocks" }

run "no_schedule_without_an_on_sale" {
  assert {
    condition     = length(aws_autoscaling_schedule.booking_worker) == 0 && length(aws_autoscaling_schedule.ingress_api) == 0 && length(aws_autoscaling_schedule.notifier) == 0
    error_message = "No scheduled action."
  }
}

run "instances_start_before_and_stay_after_an_opening" {
  variables {
    on_sales = [{ at = "2099-03-01T11:00:00Z", min = 12 }]
  }

  assert {
    condition = alltrue([for schedules in [aws_autoscaling_schedule.booking_worker, aws_autoscaling_schedule.ingress_api, aws_autoscaling_schedule.notifier] :
      { for key, action in schedules : action.start_time => "${action.min_size} ${action.max_size} ${action.desired_capacity}" } == { "2099-03-01T10:45:00Z" = "12 -1 -1", "2099-03-01T11:30:00Z" = "2 -1 -1" }
    ])
    error_message = "The minimum is 12 from 10:45 to 11:30; maximum and desired capacity are left alone."
  }

  assert {
    condition     = [for schedules in [aws_autoscaling_schedule.booking_worker, aws_autoscaling_schedule.ingress_api, aws_autoscaling_schedule.notifier] : one(distinct([for action in schedules : action.autoscaling_group_name]))] == ["ticketing-booking-worker", "ticketing-ingress-api", "ticketing-notifier"]
    error_message = "Each group has its own."
  }
}

run "one_service_alone_can_be_warmed" {
  variables {
    on_sales = [{ at = "2099-03-01T11:00:00Z", min = 12, services = ["booking-worker"] }]
  }

  assert {
    condition     = [for schedules in [aws_autoscaling_schedule.booking_worker, aws_autoscaling_schedule.ingress_api, aws_autoscaling_schedule.notifier] : max([for action in schedules : action.min_size]...)] == [12, 2, 2]
    error_message = "Only the workers' minimum rises."
  }
}

run "end_of_an_on_sale_keeps_the_next" {
  variables {
    on_sales = [
      { at = "2099-03-01T11:00:00Z", min = 12 },
      { at = "2099-03-01T11:30:00Z", min = 8 },
    ]
  }

  assert {
    condition     = { for key, action in aws_autoscaling_schedule.booking_worker : action.start_time => action.min_size } == { "2099-03-01T10:45:00Z" = 12, "2099-03-01T11:15:00Z" = 12, "2099-03-01T11:30:00Z" = 8, "2099-03-01T12:00:00Z" = 2 }
    error_message = "At each instant the largest minimum of all that are on holds."
  }
}

run "past_on_sales_are_ignored" {
  variables {
    on_sales = [{ at = "2020-03-01T11:00:00Z", min = 12 }]
  }

  assert {
    condition     = length(aws_autoscaling_schedule.booking_worker) == 0 && module.booking_worker.size.min == 2
    error_message = "No action is scheduled in the past."
  }
}

run "apply_during_an_on_sale_keeps_its_instances" {
  variables {
    on_sales             = [{ at = "2020-03-01T11:00:00Z", min = 12 }]
    prewarm_hold_minutes = 52560000 # a hundred years
  }

  assert {
    condition     = [module.booking_worker.size.min, module.ingress_api.size.min, module.notifier.size.min] == [12, 12, 12]
    error_message = "The minimum of the on-sale holds while it is on."
  }

  assert {
    condition     = [for action in aws_autoscaling_schedule.booking_worker : action.min_size] == [2]
    error_message = "The end of the on-sale stays scheduled."
  }
}

run "refuses_a_time_without_a_zone" {
  command = plan

  variables {
    on_sales = [{ at = "2099-03-01T20:00:00+09:00", min = 12 }]
  }

  expect_failures = [var.on_sales]
}

run "refuses_more_instances_than_the_maximum" {
  command = plan

  variables {
    on_sales = [{ at = "2099-03-01T11:00:00Z", min = 21 }]
  }

  expect_failures = [var.on_sales]
}

run "refuses_an_unknown_service" {
  command = plan

  variables {
    on_sales = [{ at = "2099-03-01T11:00:00Z", min = 12, services = ["database"] }]
  }

  expect_failures = [var.on_sales]
}
