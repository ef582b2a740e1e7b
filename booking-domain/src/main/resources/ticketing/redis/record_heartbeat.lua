-- Records the heartbeat of a process. A value of another type is replaced.
-- KEYS[1] alive:{kind}: hash of instance -> second of its last heartbeat, a space, its statistics as JSON
-- ARGV[1] instance   ARGV[2] statistics as JSON   ARGV[3] time to live of the hash in seconds
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
  redis.call('UNLINK', KEYS[1])
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], time[1] .. ' ' .. ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
