-- Adds undecided confirmations of one event. Replaces a key of another type.
-- KEYS[1] confirming:{eventId}
-- ARGV[1] time to live in seconds   then for each ticket: acceptance time (µs), ticket id
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'zset' and kind ~= 'none' then
  redis.call('DEL', KEYS[1])
end
for i = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'NX', ARGV[i], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 0
