-- Updates the rate of decisions of an event, over all workers. A value of another type is replaced.
-- KEYS[1] rate:{eventId}: hash of since (ms), count (since then), rate (1/s, smoothed)
-- ARGV[1] number of new decisions
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
  redis.call('UNLINK', KEYS[1])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('HMGET', KEYS[1], 'since', 'count', 'rate')
local since = tonumber(state[1])
local count = (tonumber(state[2]) or 0) + tonumber(ARGV[1])
if not since or since > now then
  redis.call('HSET', KEYS[1], 'since', now, 'count', count)
elseif now - since >= 1000 then
  local measured = count * 1000 / (now - since)
  local rate = tonumber(state[3])
  rate = rate and (rate + measured) / 2 or measured
  redis.call('HSET', KEYS[1], 'since', now, 'count', 0, 'rate', string.format('%.3f', rate))
else
  redis.call('HSET', KEYS[1], 'count', count)
end
redis.call('EXPIRE', KEYS[1], 600)
return count
