-- Caches the bitmaps of an event, unless a newer version is cached, and publishes the changed sections.
-- A value of another type is replaced.
-- KEYS[1] seats:{eventId}
-- ARGV[1] all sections as JSON   ARGV[2] version   ARGV[3] time to live in seconds   ARGV[4] channel
-- ARGV[5] changed sections as JSON
-- Returns 1 if the bitmaps were stored, else 0.
redis.call('PUBLISH', ARGV[4], ARGV[5])
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'string' then
  local storedVersion = tonumber(string.match(stored, '"version":(%d+)'))
  if storedVersion and storedVersion > tonumber(ARGV[2]) then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
