-- Returns the statistics of all live processes and removes the others.
-- KEYS[1] alive:{kind}, see record_heartbeat.lua   ARGV[1] maximum age of a heartbeat in seconds
local now = tonumber(redis.call('TIME')[1])
local all = redis.call('HGETALL', KEYS[1])
local alive = {}
for i = 1, #all, 2 do
  local space = string.find(all[i + 1], ' ', 1, true)
  if now - tonumber(string.sub(all[i + 1], 1, space - 1)) > tonumber(ARGV[1]) then
    redis.call('HDEL', KEYS[1], all[i])
  else
    alive[#alive + 1] = string.sub(all[i + 1], space + 1)
  end
end
return alive
