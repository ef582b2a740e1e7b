-- Evicts a cached event after a change.
-- KEYS[1] event:{eventId}   KEYS[2] the lowest version that may be stored   ARGV[1] that version
redis.call('SET', KEYS[2], ARGV[1], 'EX', 60)
return redis.call('DEL', KEYS[1])
