-- Stores a copy of an event and announces it, unless a newer one is known.
-- KEYS[1] event:{eventId}   KEYS[2] the lowest version that may be stored
-- ARGV[1] the event as JSON   ARGV[2] its version   ARGV[3] seconds to live   ARGV[4] channel
-- Returns 1 if it was stored.
local version = tonumber(ARGV[2])
local fence = tonumber(redis.call('GET', KEYS[2]) or 0)
if version < fence then
  return 0
end
local there = redis.call('GET', KEYS[1])
if there then
  local known = tonumber(string.match(there, '"version":(%d+)'))
  if known and known > version then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[1])
return 1
