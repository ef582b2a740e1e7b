-- Stores a pending ticket. A value that is no entry, or of another type, is replaced.
-- KEYS[1] ticket:{ticketId}: a binary entry is pending, see StatusEntryCodec; a JSON entry may be
-- ARGV[1] entry   ARGV[2] time to live in seconds
-- ARGV[3] 'new': only if absent; 'claim': also in place of a pending entry
-- Returns the entry that is kept instead, or false if the new one was stored.
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'string' then
  local binary = #stored > 0 and string.byte(stored) < 32
  local pending = binary or string.find(stored, '"status":"PENDING"', 1, true)
  local entry = binary
    or string.find(stored, '"owner":', 1, true) and string.find(stored, '"status":"', 1, true)
  if entry and (ARGV[3] == 'new' or not pending) then
    return stored
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
