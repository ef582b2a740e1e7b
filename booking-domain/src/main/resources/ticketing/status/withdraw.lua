-- Takes a pending ticket off the board if the given attempt put it there.
-- KEYS[1] ticket:{ticketId}   ARGV[1] attempt
-- Returns 0 if it waits in the name of another attempt, else 1.
local there = redis.call('GET', KEYS[1])
if there and string.find(there, '"status":"PENDING"', 1, true) then
  if not string.find(there, '"attempt":"' .. ARGV[1] .. '"', 1, true) then
    return 0
  end
  redis.call('DEL', KEYS[1])
end
return 1
