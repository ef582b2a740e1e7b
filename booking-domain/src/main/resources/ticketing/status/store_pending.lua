-- Stores a pending ticket.
-- KEYS[1] ticket:{ticketId}
-- ARGV[1] entry as JSON   ARGV[2] time to live in seconds
-- ARGV[3] 'new': only if absent; 'claim': only in place of a pending entry
-- Returns the entry that is kept instead, '' if a claimed entry is absent, or false if the new one
-- was stored. The entry of a decided ticket may be absent, so a claim never creates one.
local stored = redis.call('GET', KEYS[1])
if stored then
  if ARGV[3] == 'new' or not string.find(stored, '"status":"PENDING"', 1, true) then
    return stored
  end
elseif ARGV[3] == 'claim' then
  return ''
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
