-- Returns the oldest entries of the waiting line of an event: member, acceptance time (us), member, ...
-- Chunks that were evicted are removed from the index.
-- KEYS[1] index, see add_to_line.lua   KEYS[2] waiting:{eventId}: line of an older version, a sorted set
-- ARGV[1] maximum number of entries
local index, wanted, oldest = KEYS[1], tonumber(ARGV[1]), {}
if redis.call('TYPE', KEYS[2]).ok == 'zset' then
  oldest = redis.call('ZRANGE', KEYS[2], 0, wanted - 1, 'WITHSCORES')
end
if redis.call('TYPE', index).ok ~= 'zset' then
  return oldest
end
local found = 0
for _, chunk in ipairs(redis.call('ZRANGE', index, 0, 999)) do
  local entries = redis.pcall('ZRANGE', index .. ':' .. chunk, 0, wanted - found - 1, 'WITHSCORES')
  if entries.err or #entries == 0 then
    redis.call('ZREM', index, chunk)
  else
    for _, value in ipairs(entries) do
      oldest[#oldest + 1] = value
    end
    found = found + #entries / 2
    if found >= wanted then
      return oldest
    end
  end
end
return oldest
