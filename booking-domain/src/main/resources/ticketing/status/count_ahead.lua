
-- Returns for each acceptance time, ARGV[first], ARGV[first + step], ..., the number of earlier
-- entries. Of the oldest chunks, at most ARGV[3] are counted; of further ones, the mean size is used.
local chunks = redis.call('ZRANGE', index, 0, tonumber(ARGV[3]))
local ahead = {[0] = 0}
for i, chunk in ipairs(chunks) do
  local size = redis.pcall('ZCARD', index .. ':' .. chunk)
  ahead[i] = ahead[i - 1] + (type(size) == 'number' and size or 0)
end
local positions = {}
for i = first, #ARGV, step do
  local chunk = redis.call('ZREVRANGEBYSCORE', index, ARGV[i], '-inf', 'LIMIT', 0, 1)[1]
  local position = 0
  if chunk then
    local before = redis.call('ZRANK', index, chunk)
    local within = redis.pcall('ZCOUNT', index .. ':' .. chunk, '-inf', '(' .. ARGV[i])
    position = (ahead[before] or math.floor(ahead[#chunks] * before / #chunks))
      + (type(within) == 'number' and within or 0)
  end
  positions[#positions + 1] = position
end
return positions
