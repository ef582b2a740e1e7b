-- Replaces the state of a bucket unless it has changed. A value of another type counts as changed.
-- KEYS[1] rate:{kind}:...   ARGV[1] new state   ARGV[2] time to live in milliseconds
-- ARGV[3] expected state; missing: none
-- Returns 1 if the state was replaced, or 0.
local state = redis.pcall('GET', KEYS[1])
if state ~= (ARGV[3] or false) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
