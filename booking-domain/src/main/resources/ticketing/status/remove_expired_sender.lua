-- Removes a process whose lease has ended.
-- KEYS[1] senders, see renew_lease.lua   ARGV[1] instance
-- Returns 1 if the process was removed, else 0.
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  redis.call('UNLINK', KEYS[1])
end
local lease = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
local time = redis.call('TIME')
if lease > time[1] * 1000 + math.floor(time[2] / 1000) then
  return 0
end
return redis.call('ZREM', KEYS[1], ARGV[1])
