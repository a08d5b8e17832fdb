-- Who holds the slots of a key. Reads only; may run on a replica.
--
-- KEYS  the leases of a key, as charge.lua keeps them
-- ARGV
--   list   how many leases are listed, those that end first
--   count  how many are looked at
-- Returns integers:
--   units of all leases
--   how many leases there are, up to `count`
--   and of each that is listed: its id as four big-endian words, its units,
--   and in how many us it ends

local call = redis.call
local key, list, count = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- Of ids: the units of each; 0: a tombstone.
local function units_of(ids)
    local names = {}
    for i, id in ipairs(ids) do
        names[i] = 'u' .. id
    end
    local units = #ids > 0 and call('ZMSCORE', key, unpack(names)) or {}
    for i = 1, #ids do
        units[i] = units[i] and -units[i] or 1
    end
    return units
end

local held = -(call('ZSCORE', key, '') or 0)
-- What has ended and was not swept away yet is not held.
local ended = call('ZRANGEBYSCORE', key, '(0', now, 'LIMIT', 0, count)
for _, units in ipairs(units_of(ended)) do
    held = held - units
end

local found = call('ZRANGEBYSCORE', key, '(' .. string.format('%.0f', now),
    '+inf', 'WITHSCORES', 'LIMIT', 0, count)
local ids, ends = {}, {}
for i = 1, #found, 2 do
    ids[#ids + 1], ends[#ends + 1] = found[i], found[i + 1]
end
local reply = { held, 0 }
for i, units in ipairs(units_of(ids)) do
    if units > 0 then
        reply[2] = reply[2] + 1
    end
    if units > 0 and reply[2] <= list then
        local a, b, c, d = struct.unpack('>I4I4I4I4', ids[i])
        for _, n in ipairs({ a, b, c, d, units, ends[i] - now }) do
            reply[#reply + 1] = n
        end
    end
end
return reply
