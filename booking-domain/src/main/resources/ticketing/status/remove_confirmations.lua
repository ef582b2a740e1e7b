-- Removes decided confirmations of one event.
-- KEYS[1] confirming:{eventId}   ARGV ticket ids
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then
  return 0
end
return redis.call('ZREM', KEYS[1], unpack(ARGV))
