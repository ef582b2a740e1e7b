-- Removes a pending ticket if the given attempt stored it.
-- KEYS[1] ticket:{ticketId}   ARGV[1] attempt id
-- Returns 0 if the pending entry belongs to another attempt, else 1.
local stored = redis.call('GET', KEYS[1])
if stored and string.find(stored, '"status":"PENDING"', 1, true) then
  if not string.find(stored, '"attempt":"' .. ARGV[1] .. '"', 1, true) then
    return 0
  end
  redis.call('DEL', KEYS[1])
end
return 1
