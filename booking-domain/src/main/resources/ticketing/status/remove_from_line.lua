-- Removes entries from the waiting line of an event.
-- KEYS[1] index, see add_to_line.lua   KEYS[2] waiting:{eventId}: line of an older version, a sorted set
-- ARGV: acceptance time (us), member, ticket id as text, acceptance time, ...
-- Returns the number of removed entries.
local index, removed, touched = KEYS[1], 0, {}
local indexed = redis.call('TYPE', index).ok == 'zset'
local older = redis.call('TYPE', KEYS[2]).ok == 'zset'
for i = 1, #ARGV, 3 do
  if older then
    removed = removed + redis.call('ZREM', KEYS[2], ARGV[i + 2])
  end
  local chunk = indexed
    and redis.call('ZREVRANGEBYSCORE', index, ARGV[i], '-inf', 'LIMIT', 0, 1)[1]
  if chunk then
    local count = redis.pcall('ZREM', index .. ':' .. chunk, ARGV[i + 1])
    touched[chunk] = true
    if type(count) == 'number' then
      removed = removed + count
    end
  end
end
for chunk in pairs(touched) do
  if redis.call('EXISTS', index .. ':' .. chunk) == 0 then
    redis.call('ZREM', index, chunk)
  end
end
return removed
