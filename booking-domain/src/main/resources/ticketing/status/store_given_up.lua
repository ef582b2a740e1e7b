-- Stores and publishes that a ticket was given up, unless it has another decision. An absent entry
-- stays absent, because a later decision may have been evicted: readers then use the database.
-- KEYS[1] ticket:{ticketId}   ARGV[1] entry as JSON   ARGV[2] time to live in seconds
-- ARGV[3] channel   ARGV[4] line to publish
-- Returns 1 if the decision was published, else 0.
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'string' then
  local pending = #stored > 0 and string.byte(stored) < 32
    or string.find(stored, '"status":"PENDING"', 1, true)
  local decided = not pending
    and string.find(stored, '"owner":', 1, true) and string.find(stored, '"status":"', 1, true)
  if decided and not string.find(stored, '"reason":"GAVE_UP"', 1, true) then
    return 0
  end
  if pending or decided then
    redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  end
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
