-- Returns the statistics of all live processes and removes the others, and unreadable ones.
-- KEYS[1] alive:{kind}, see record_heartbeat.lua   ARGV[1] maximum age of a heartbeat in seconds
local now = tonumber(redis.call('TIME')[1])
local alive = {}
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
  return alive
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local beat, statistics = string.match(all[i + 1], '^(%d+) (.*)$')
  if not beat or now - tonumber(beat) > tonumber(ARGV[1]) then
    redis.call('HDEL', KEYS[1], all[i])
  else
    alive[#alive + 1] = statistics
  end
end
return alive
