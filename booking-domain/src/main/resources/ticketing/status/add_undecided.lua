-- Adds undecided tickets of one user. Replaces a key of another type.
-- KEYS[1] undecided:{userId}
-- ARGV[1] time to live in seconds   ARGV[2] maximum number of tickets
-- further: acceptance time (us), ticket id, acceptance time, ...
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'zset' and kind ~= 'none' then
  redis.call('DEL', KEYS[1])
end
for i = 3, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'NX', ARGV[i], ARGV[i + 1])
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[2]))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 0
