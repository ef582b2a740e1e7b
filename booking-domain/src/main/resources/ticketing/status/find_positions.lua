-- Returns the positions of entries in the waiting line of an event. count_ahead.lua is appended.
-- KEYS[1] index, see add_to_line.lua   ARGV[3] chunks counted exactly   ARGV[4], ...: acceptance times (us)
local index = KEYS[1]
if redis.call('TYPE', index).ok ~= 'zset' then
  local none = {}
  for i = 4, #ARGV do
    none[i - 3] = 0
  end
  return none
end
local first, step = 4, 1
