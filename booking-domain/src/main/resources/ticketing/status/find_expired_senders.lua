-- Returns processes whose lease has ended.
-- KEYS[1] senders, see renew_lease.lua   ARGV[1] maximum number
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  return {}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
