-- Removes entries from the waiting line of an event.
-- KEYS[1] index, see add_to_line.lua   KEYS[2] waiting:{eventId}: line of an older version, a sorted set
-- ARGV: acceptance time (us, or cut to ms), member, ticket id as text, acceptance time, ...
-- Returns the number of removed entries.
local index, removed, touched = KEYS[1], 0, {}

local function remove_from_chunk(chunk, member)
  local count = chunk and redis.pcall('ZREM', index .. ':' .. chunk, member)
  if chunk then
    touched[chunk] = true
  end
  if type(count) ~= 'number' or count == 0 then
    return false
  end
  removed = removed + 1
  return true
end

local indexed = redis.call('TYPE', index).ok == 'zset'
local older = redis.call('TYPE', KEYS[2]).ok == 'zset'
for i = 1, #ARGV, 3 do
  if older then
    removed = removed + redis.call('ZREM', KEYS[2], ARGV[i + 2])
  end
  if indexed then
    local found = remove_from_chunk(
      redis.call('ZREVRANGEBYSCORE', index, ARGV[i], '-inf', 'LIMIT', 0, 1)[1], ARGV[i + 1])
    if not found then
      local later = redis.call('ZRANGEBYSCORE', index, '(' .. ARGV[i], ARGV[i] + 999)
      for _, chunk in ipairs(later) do
        if remove_from_chunk(chunk, ARGV[i + 1]) then
          break
        end
      end
    end
  end
end
for chunk in pairs(touched) do
  if redis.call('EXISTS', index .. ':' .. chunk) == 0 then
    redis.call('ZREM', index, chunk)
  end
end
return removed
