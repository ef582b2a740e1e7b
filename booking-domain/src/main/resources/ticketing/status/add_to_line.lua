-- Adds entries to the waiting line of an event, unless they are in it.
-- KEYS[1] {waiting:{eventId}}: index, sorted set of chunk -> acceptance time (us) of its first entry
-- ARGV[1] time to live in seconds   ARGV[2] maximum size of a chunk   ARGV[3] chunks counted exactly
-- further: acceptance time (us), member, acceptance time, ...
-- A chunk is the sorted set KEYS[1]:{chunk}. It contains the entries from its first acceptance time to
-- that of the next chunk. Redis stores a sorted set of up to 128 entries compactly (30 bytes each).
-- count_ahead.lua is appended: returns for each entry the number of entries ahead of it.
local index, limit = KEYS[1], tonumber(ARGV[2])

local function require_sorted_set(key)
  local stored = redis.call('TYPE', key).ok
  if stored ~= 'zset' and stored ~= 'none' then
    redis.call('UNLINK', key)
  end
end

local function chunk_of(score)
  return redis.call('ZREVRANGEBYSCORE', index, score, '-inf', 'LIMIT', 0, 1)[1]
end

local function open_chunk(score)
  redis.call('ZADD', index, score, score)
  require_sorted_set(index .. ':' .. score)
  return score
end

-- Moves the later half of a full chunk to a new chunk. Entries of one time stay together.
local function split(chunk)
  local key = index .. ':' .. chunk
  local later = redis.call('ZRANGE', key, limit / 2 - 1, -1, 'WITHSCORES')
  local boundary
  for i = 2, #later, 2 do
    if later[i] ~= later[2] then
      boundary = boundary or open_chunk(later[i])
      redis.call('ZADD', index .. ':' .. boundary, later[i], later[i - 1])
    end
  end
  if boundary then
    redis.call('ZREMRANGEBYSCORE', key, boundary, '+inf')
    redis.call('EXPIRE', index .. ':' .. boundary, ARGV[1])
  end
end

require_sorted_set(index)
local checked = {}
for i = 4, #ARGV, 2 do
  local score, member = ARGV[i], ARGV[i + 1]
  local chunk = chunk_of(score) or open_chunk(score)
  local key = index .. ':' .. chunk
  if not checked[key] then
    require_sorted_set(key)
    checked[key] = true
  end
  if redis.call('ZCARD', key) >= limit and not redis.call('ZSCORE', key, member) then
    local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
    if tonumber(score) > tonumber(last[2]) then
      key = index .. ':' .. open_chunk(score)
    else
      split(chunk)
      key = index .. ':' .. chunk_of(score)
    end
  end
  redis.call('ZADD', key, 'NX', score, member)
  redis.call('EXPIRE', key, ARGV[1])
end
redis.call('EXPIRE', index, ARGV[1])
local first, step = 4, 2
