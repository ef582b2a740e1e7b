-- Takes a pending ticket off the board if the given attempt put it there.
-- KEYS[1] ticket:{ticketId}   ARGV[1] attempt
-- Returns 1 if it was taken off.
local there = redis.call('GET', KEYS[1])
if there and string.find(there, '"status":"PENDING"', 1, true)
    and string.find(there, '"attempt":"' .. ARGV[1] .. '"', 1, true) then
  return redis.call('DEL', KEYS[1])
end
return 0
