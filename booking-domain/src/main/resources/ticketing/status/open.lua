-- Puts up a pending ticket.
-- KEYS[1] ticket:{ticketId}
-- ARGV[1] the entry as JSON   ARGV[2] seconds to live
-- ARGV[3] 'new': only if absent; 'claim': also in place of a pending one
-- Returns the entry that was there and stays, or false.
local there = redis.call('GET', KEYS[1])
if there then
  if ARGV[3] == 'new' or not string.find(there, '"status":"PENDING"', 1, true) then
    return there
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
