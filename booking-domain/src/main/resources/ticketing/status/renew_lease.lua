-- Renews the lease of a process that sends commands.
-- KEYS[1] senders: sorted set of instances by the end of their lease in ms
-- ARGV[1] instance   ARGV[2] lease in ms   ARGV[3] time to live of the set in seconds
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  redis.call('UNLINK', KEYS[1])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
