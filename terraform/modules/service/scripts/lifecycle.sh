#!/bin/bash
# Follows the lifecycle state that the auto scaling group requests, and completes the lifecycle action. A
# completion that fails is repeated in each round until the hook times out.
set -uo pipefail

etc=${TICKETING_ETC:-/etc/ticketing}
. "$etc/instance.env"

MAX_FAILED_CHECKS=12 # one minute

metadata() {
  local token
  token=$(curl -sf -m 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token) &&
    curl -sf -m 2 -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"
}

# An action that is no longer active was completed earlier, or it has expired.
complete() {
  local answer
  answer=$(aws autoscaling complete-lifecycle-action --region "$REGION" --auto-scaling-group-name "$GROUP" \
    --lifecycle-hook-name "$1" --lifecycle-action-result CONTINUE --instance-id "$instance" 2>&1) && return
  case $answer in *'No active Lifecycle Action'*) return 0 ;; esac
  echo "cannot complete lifecycle action, hook=$1 answer=$answer" >&2
  return 1
}

report_unhealthy() {
  aws autoscaling set-instance-health --region "$REGION" --instance-id "$instance" \
    --health-status Unhealthy --no-should-respect-grace-period
}

until instance=$(metadata instance-id); do sleep 2; done
reached='' # state whose action is completed
stopped=''
failed_checks=0
while :; do
  wanted=$(metadata autoscaling/target-lifecycle-state) || wanted=''
  case $wanted in
    InService)
      stopped=''
      systemctl is-active --quiet ticketing || systemctl start --no-block ticketing
      if [ "$reached" != InService ]; then
        # The group terminates the instance if this exceeds the timeout of the launching hook.
        if curl -sf -m 4 -o /dev/null "$READY_URL" && complete "$LAUNCHING_HOOK"; then
          reached=InService
        fi
      elif curl -sf -m 4 -o /dev/null "$LIVE_URL"; then
        failed_checks=0
      else
        failed_checks=$((failed_checks + 1))
        [ "$failed_checks" -lt "$MAX_FAILED_CHECKS" ] || report_unhealthy
      fi
      ;;
    Terminated | Warmed:Terminated)
      if [ "$reached" != "$wanted" ]; then
        if [ "$stopped" != "$wanted" ]; then
          [ "$wanted" = Warmed:Terminated ] || sleep "$LEAVE_SECONDS"
          systemctl stop ticketing
          stopped=$wanted
        fi
        complete "$DRAINING_HOOK" && reached=$wanted
      fi
      ;;
    Warmed:*)
      if [ "$reached" != "$wanted" ] && /usr/local/bin/ticketing-prepare; then
        complete "$LAUNCHING_HOOK" && reached=$wanted
      fi
      ;;
  esac
  sleep 5
done
