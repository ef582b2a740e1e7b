-- Returns the rate of decisions of an event, false if it is unknown or unreadable.
-- KEYS[1] rate:{eventId}, see update_rate.lua
local rate = redis.pcall('HGET', KEYS[1], 'rate')
return type(rate) == 'string' and rate
