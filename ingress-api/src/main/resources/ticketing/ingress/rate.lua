-- Takes tokens out of a bucket that fills steadily (GCRA: one time says how full it is).
-- KEYS[1] rate:{kind}:{id}: when the bucket will be full again, in microseconds
-- ARGV[1] microseconds for one token   ARGV[2] microseconds for a full bucket   ARGV[3] tokens wanted
-- Returns 0 if they were taken, else in how many microseconds there will be as many.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local after = full + ARGV[1] * ARGV[3]
local missing = after - now - ARGV[2]
if missing > 0 then
  return math.ceil(missing)
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return 0
