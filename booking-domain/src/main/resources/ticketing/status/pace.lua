-- Measures how many decisions of an event are made in a second, over all workers.
-- KEYS[1] pace:{eventId}: hash of since (ms), count (since then), rate (1/s, smoothed)
-- ARGV[1] how many were decided just now
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local pace = redis.call('HMGET', KEYS[1], 'since', 'count', 'rate')
local since = tonumber(pace[1])
local count = (tonumber(pace[2]) or 0) + tonumber(ARGV[1])
if not since then
  redis.call('HSET', KEYS[1], 'since', now, 'count', count)
elseif now - since >= 1000 then
  local measured = count * 1000 / (now - since)
  local rate = tonumber(pace[3])
  rate = rate and (rate + measured) / 2 or measured
  redis.call('HSET', KEYS[1], 'since', now, 'count', 0, 'rate', string.format('%.3f', rate))
else
  redis.call('HSET', KEYS[1], 'count', count)
end
redis.call('EXPIRE', KEYS[1], 600)
return count
