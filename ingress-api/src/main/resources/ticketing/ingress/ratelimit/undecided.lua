-- Adds a ticket to the undecided bookings of a user and event.
-- KEYS[1] set of ticket ids
-- ARGV ticket id, maximum size of the set, TTL in seconds
-- Returns 0 after the addition, 1 if the set contains the ticket already, 2 if it is full. A value of another type is replaced.
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'set' and kind ~= 'none' then
  redis.call('DEL', KEYS[1])
end
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 1
end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 2
end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 0
