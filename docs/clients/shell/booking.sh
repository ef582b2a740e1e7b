#!/usr/bin/env bash
# Books seats and polls until the decision.
#
#   booking.sh EVENT_ID SEAT_TYPE QUANTITY [KEY]
#
# with TICKETING_URL, TICKETING_EMAIL and TICKETING_PASSWORD in the environment. Prints the final
# ticket. Exit code 0: seats are booked or held. 1: the booking is refused or rejected. 2: no decision
# in time; run it again with the KEY. Needs bash, jq and curl 7.84 or later.
set -euo pipefail

# Store the key before the first attempt: a repetition with the same key is the same booking.
key=${4:-$(date +%s%N)-$$-$RANDOM}
deadline=$((SECONDS + 120))
failures=0
token=

# send METHOD PATH [curl options]: sets status (000 without a response), retry_after, location, body
send() {
  local response
  response=$(curl -sS --connect-timeout 5 --max-time 30 -X "$1" "$TICKETING_URL$2" "${@:3}" \
    -w '\n%header{location}\n%header{retry-after}\n%{http_code}') || response=$'\n\n\n000'
  status=${response##*$'\n'} response=${response%$'\n'*}
  retry_after=${response##*$'\n'} response=${response%$'\n'*}
  location=${response##*$'\n'} body=${response%$'\n'*}
}

sign_in() {
  send POST /api/v1/auth/token -H 'Content-Type: application/json' \
    -d "$(jq -n '{email: env.TICKETING_EMAIL, password: env.TICKETING_PASSWORD}')"
  case $status in
    200) token=$(jq -r .accessToken <<< "$body") ;;
    4[01]?|42[0-8]) refused ;;
  esac
}

# Jitter of up to 250 ms spreads the repetitions of many clients.
pause() {
  sleep "$1.$((RANDOM % 25))"
}

refused() {
  echo "$status $body" >&2
  exit 1
}

time_out() {
  echo "no decision in time; run it again with the key $key" >&2
  exit 2
}

# call METHOD PATH [curl options]: repeats the request until its response is final or the time is over
call() {
  local pause_seconds
  while ((SECONDS < deadline)); do
    [ -n "$token" ] || sign_in
    if [ -n "$token" ]; then
      send "$@" -H "Authorization: Bearer $token"
    fi
    pause_seconds=$((failures < 5 ? 1 << failures : 30))
    # A 409 with Retry-After ends with the opening of the sale.
    [ "$status$retry_after" != 409 ] || refused
    case $status in
      200 | 202) failures=0; return ;;
      401) token= ;;
      000 | 408 | 409 | 429 | 500 | 502 | 503 | 504)
        echo "$status $body" >&2
        pause_seconds=${retry_after:-$pause_seconds}
        ;;
      *) refused ;;
    esac
    failures=$((failures + 1))
    if ((SECONDS + pause_seconds > deadline)); then
      echo "the next attempt in $pause_seconds s is after the timeout" >&2
      break
    fi
    pause "$pause_seconds"
  done
  time_out
}

call POST /api/v1/reservations -H "Idempotency-Key: $key" -H 'Content-Type: application/json' \
  -d "$(jq -n --argjson event "$1" --arg type "$2" --argjson quantity "$3" \
    '{eventId: $event, seatType: $type, quantity: $quantity}')"
path=$location
while [ "$(jq -r .status <<< "$body")" = PENDING ]; do
  echo "pending, position $(jq -r .position <<< "$body")" >&2
  # The server responds when the ticket is final, or after 20 s.
  call GET "$path" -H 'Prefer: wait=20'
  [ "$(jq -r .status <<< "$body")" != PENDING ] || pause "${retry_after:-1}"
done
echo "$body"
jq -e '.status == "CONFIRMED" or .status == "HELD"' <<< "$body" > /dev/null
