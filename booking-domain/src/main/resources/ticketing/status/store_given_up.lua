-- Stores and publishes that a ticket was given up, unless it has another decision.
-- KEYS[1] ticket:{ticketId}   ARGV[1] entry as JSON   ARGV[2] time to live in seconds
-- ARGV[3] channel   ARGV[4] line to publish
-- Returns 1 if the entry was stored, else 0.
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'string' and string.find(stored, '"status":"', 1, true)
    and not string.find(stored, '"status":"PENDING"', 1, true)
    and not string.find(stored, '"reason":"GAVE_UP"', 1, true) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
