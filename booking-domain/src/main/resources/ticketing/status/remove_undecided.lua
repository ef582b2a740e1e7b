-- Removes decided tickets from a bucket, see add_undecided.lua.
-- KEYS[1] undecided:{bucket}   ARGV ticket ids of 16 bytes
-- Returns the number of removed tickets.
local SIZE, ID_OFFSET = 24, 8
local records = redis.pcall('GET', KEYS[1])
if type(records) ~= 'string' or #records % SIZE ~= 0 then
  return 0
end
local removed = 0
for _, id in ipairs(ARGV) do
  local found = string.find(records, id, 1, true)
  while found and (found - ID_OFFSET - 1) % SIZE ~= 0 do
    found = string.find(records, id, found + 1, true)
  end
  if found then
    local start = found - ID_OFFSET
    records = string.sub(records, 1, start - 1) .. string.sub(records, start + SIZE)
    removed = removed + 1
  end
end
if removed > 0 then
  if #records == 0 then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], records, 'KEEPTTL')
  end
end
return removed
