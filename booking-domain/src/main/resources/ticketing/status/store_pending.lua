-- Stores a pending ticket. A value that is no entry, or of another type, counts as absent.
-- KEYS[1] ticket:{ticketId}: a binary entry is pending, see StatusEntryCodec; a JSON entry may be
-- ARGV[1] entry   ARGV[2] time to live in seconds
-- ARGV[3] 'new': only if absent; 'claim': only in place of a pending entry
-- Returns the entry that is kept instead, '' if a claimed entry is absent, or false if the new one
-- was stored. The entry of a decided ticket may be absent, so a claim never creates one.
local stored = redis.pcall('GET', KEYS[1])
local entry, pending = false, false
if type(stored) == 'string' then
  local binary = #stored > 0 and string.byte(stored) < 32
  pending = binary or string.find(stored, '"status":"PENDING"', 1, true)
  entry = binary
    or string.find(stored, '"owner":', 1, true) and string.find(stored, '"status":"', 1, true)
end
if entry and (ARGV[3] == 'new' or not pending) then
  return stored
end
if not entry and ARGV[3] == 'claim' then
  return ''
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
