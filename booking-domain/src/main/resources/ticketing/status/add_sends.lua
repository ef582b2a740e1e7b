-- Registers commands ahead of their send. A value of another type is replaced.
-- KEYS[1] sending:{instance}: sorted set   ARGV: acceptance time (ms), member, acceptance time, ...
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  redis.call('UNLINK', KEYS[1])
end
return redis.call('ZADD', KEYS[1], unpack(ARGV))
