#!/usr/bin/env bash
# Books seats and waits for the decision by polling.
#
#   booking.sh EVENT_ID SEAT_TYPE QUANTITY [KEY]
#
# with TICKETING_URL, TICKETING_EMAIL and TICKETING_PASSWORD in the environment. Prints the final
# ticket. Exit code 0: there are seats; 1: there are none; 2: no answer in time, ask again with the
# same KEY. Needs bash, jq and curl 7.84 or later.
set -euo pipefail

# Before the first attempt, and kept over a restart of the program: a repeat is the same booking.
key=${4:-$(date +%s%N)-$$-$RANDOM}
deadline=$((SECONDS + 120))
failures=0
token=

# send METHOD PATH [curl's options]: sets status (000 without an answer), retry_after, location, body
send() {
  local answer
  answer=$(curl -sS --connect-timeout 5 --max-time 30 -X "$1" "$TICKETING_URL$2" "${@:3}" \
    -w '\n%header{location}\n%header{retry-after}\n%{http_code}') || answer=$'\n\n\n000'
  status=${answer##*$'\n'} answer=${answer%$'\n'*}
  retry_after=${answer##*$'\n'} answer=${answer%$'\n'*}
  location=${answer##*$'\n'} body=${answer%$'\n'*}
}

sign_in() {
  send POST /api/v1/auth/token -H 'Content-Type: application/json' \
    -d "$(jq -n '{email: env.TICKETING_EMAIL, password: env.TICKETING_PASSWORD}')"
  case $status in
    200) token=$(jq -r .accessToken <<< "$body") ;;
    4[01]?|42[0-8]) refused ;;
  esac
}

# A little longer than asked for, and not as long as everybody else.
pause() {
  sleep "$1.$((RANDOM % 25))"
}

refused() {
  echo "$status $body" >&2
  exit 1
}

gave_up() {
  echo "gave up waiting; ask again with the key $key" >&2
  exit 2
}

# call METHOD PATH [curl's options]: repeats the request until it has an answer that another attempt
# would not change
call() {
  local wait
  while ((SECONDS < deadline)); do
    [ -n "$token" ] || sign_in
    if [ -n "$token" ]; then
      send "$@" -H "Authorization: Bearer $token"
    fi
    wait=$((failures < 5 ? 1 << failures : 30))
    case $status in
      200 | 202) failures=0; return ;;
      401) token= ;;
      000 | 425 | 429 | 500 | 502 | 503 | 504)
        echo "$status $body" >&2
        wait=${retry_after:-$wait}
        ;;
      *) refused ;;
    esac
    failures=$((failures + 1))
    if ((SECONDS + wait > deadline)); then
      echo "worth another attempt in $wait s, which is too long to wait" >&2
      break
    fi
    pause "$wait"
  done
  gave_up
}

call POST /api/v1/reservations -H "Idempotency-Key: $key" -H 'Content-Type: application/json' \
  -d "$(jq -n --argjson event "$1" --arg type "$2" --argjson quantity "$3" \
    '{eventId: $event, seatType: $type, quantity: $quantity}')"
path=$location
while [ "$(jq -r .status <<< "$body")" = PENDING ]; do
  echo "pending, position $(jq -r .position <<< "$body")" >&2
  # The answer comes as soon as the ticket is final, or after 20 s.
  call GET "$path" -H 'Prefer: wait=20'
  [ "$(jq -r .status <<< "$body")" != PENDING ] || pause "${retry_after:-1}"
done
echo "$body"
jq -e '.status == "CONFIRMED" or .status == "HELD"' <<< "$body" > /dev/null
