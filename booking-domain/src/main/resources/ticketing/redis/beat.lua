-- Says that a process is alive.
-- KEYS[1] alive:{kind}: hash of instance -> second it was last heard, a space, its figures as JSON
-- ARGV[1] instance   ARGV[2] figures as JSON   ARGV[3] seconds after which all are forgotten
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], time[1] .. ' ' .. ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
