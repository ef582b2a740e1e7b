-- Removes a pending ticket if the given attempt stored it.
-- KEYS[1] ticket:{ticketId}   ARGV attempt id: as text, in format 1 of StatusEntryCodec, in the others
-- Returns 0 if the pending entry belongs to another attempt, else 1.
local stored = redis.pcall('GET', KEYS[1])
if type(stored) ~= 'string' then
  return 1
end
local binary = #stored > 0 and string.byte(stored) < 32
if binary or string.find(stored, '"status":"PENDING"', 1, true) then
  local general = binary and string.byte(stored) == 1
  local own = general and string.sub(stored, 3, 18) == ARGV[2]
    or binary and not general and string.sub(stored, 2, 7) == ARGV[3]
    or string.find(stored, '"attempt":"' .. ARGV[1] .. '"', 1, true)
  if not own then
    return 0
  end
  redis.call('DEL', KEYS[1])
end
return 1
