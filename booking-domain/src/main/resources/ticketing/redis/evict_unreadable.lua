-- Evicts an unreadable value, unless another value has replaced it.
-- KEYS[1] key   ARGV[1] unreadable value   Returns the number of evicted keys.
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  return redis.call('UNLINK', KEYS[1])
end
return 0
