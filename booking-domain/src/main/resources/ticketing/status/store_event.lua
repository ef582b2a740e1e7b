-- Caches and publishes an event, unless a newer version is cached or required. Values of another type
-- are replaced.
-- KEYS[1] event:{eventId}   KEYS[2] the lowest version that may be stored
-- ARGV[1] event as JSON   ARGV[2] its version   ARGV[3] time to live in seconds   ARGV[4] channel
-- Returns 1 if the event was stored, else 0.
local version = tonumber(ARGV[2])
local fence = redis.pcall('GET', KEYS[2])
if type(fence) == 'string' and version < (tonumber(fence) or 0) then
  return 0
end
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'string' then
  local storedVersion = tonumber(string.match(stored, '"version":(%d+)'))
  if storedVersion and storedVersion > version then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[1])
return 1
