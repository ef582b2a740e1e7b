-- Adds undecided tickets to a bucket. A value of another type or length is replaced.
-- KEYS[1] undecided:{bucket}: records of 24 bytes, oldest first: 4 of the user, 4 of the event, 16 of the id
-- ARGV[1] time to live in seconds   ARGV[2] maximum records of the bucket   ARGV[3] maximum of one user
-- further: record, maximum of its user and event, record, ...
-- Returns for each record 1 if the bucket contains it now, or 0 if its user and event have the maximum.
local SIZE = 24
local stored = redis.pcall('GET', KEYS[1])
local records = type(stored) == 'string' and #stored % SIZE == 0 and stored or ''

-- Position of the first record, at or behind a position, with these bytes at an offset.
local function find(bytes, offset, position)
  local found = string.find(records, bytes, position + offset, true)
  while found and (found - offset - 1) % SIZE ~= 0 do
    found = string.find(records, bytes, found + 1, true)
  end
  return found and found - offset
end

-- Number of records that begin with these bytes, and the position of the first.
local function count(bytes)
  local first = find(bytes, 0, 1)
  local number, position = 0, first
  while position do
    number = number + 1
    position = find(bytes, 0, position + SIZE)
  end
  return number, first
end

local results, changed = {}, false
for i = 4, #ARGV, 2 do
  local record = ARGV[i]
  local result = 1
  if not find(string.sub(record, 9), 8, 1) then
    if count(string.sub(record, 1, 8)) >= tonumber(ARGV[i + 1]) then
      result = 0
    else
      local of_user, oldest = count(string.sub(record, 1, 4))
      if of_user >= tonumber(ARGV[3]) then
        records = string.sub(records, 1, oldest - 1) .. string.sub(records, oldest + SIZE)
      end
      records = string.sub(records .. record, -SIZE * tonumber(ARGV[2]))
      changed = true
    end
  end
  results[#results + 1] = result
end
if changed then
  redis.call('SET', KEYS[1], records, 'EX', ARGV[1])
end
return results
