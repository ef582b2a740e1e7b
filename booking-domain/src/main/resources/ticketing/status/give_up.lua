-- Stores that a ticket was given up and tells all who listen, unless it has been decided otherwise.
-- KEYS[1] ticket:{ticketId}   ARGV[1] entry   ARGV[2] its life in seconds
-- ARGV[3] channel   ARGV[4] line for those who listen
-- Returns 1 if it was stored.
local there = redis.call('GET', KEYS[1])
if there and not string.find(there, '"status":"PENDING"', 1, true)
    and not string.find(there, '"reason":"GAVE_UP"', 1, true) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
