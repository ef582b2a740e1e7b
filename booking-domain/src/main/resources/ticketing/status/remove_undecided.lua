-- Removes decided tickets of one user.
-- KEYS[1] undecided:{userId}   ARGV ticket ids
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  return 0
end
return redis.call('ZREM', KEYS[1], unpack(ARGV))
