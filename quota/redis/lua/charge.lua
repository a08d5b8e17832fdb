-- Takes all charges of one Check, or none of them.
--
-- KEYS  of each charge: its state, then its record if it has one
-- ARGV  of each charge, FIELDS values:
--   kind    "bucket" or "leases"
--   amount  > 0 takes, 0 looks, < 0 gives back
--   some    1: best effort, what is left will do; else 0
--   shadow  1: takes what it can and refuses nothing; else 0
--   limit   the burst of a bucket, or the most units in flight
--   rate    tokens that come back per span
--   span    us: the period of a bucket, or the length of a lease
--   record  ms that a retry is recognised for; 0: it has no record
--   id      of a lease or of a record; 16 bytes, or none
-- Returns three integers for each charge:
--   granted what it got or gave back; if it refused, -1 less what it got in
--           spite of that, as shadow
--   left    limit less use; < 0 when a limit has shrunk below its use
--   part    of the bucket's next token, in 1/span: what has come back of it
--
-- First each charge is decided, as if those before it were made; then all are
-- made, unless one refuses.
-- Numbers are doubles, exact for integers below 2^53. Microseconds since 1970
-- stay below for 230 years, and amounts end at 10^9 < 2^30.

local FIELDS = 9
-- Expired leases removed by one call: bounds the time that others wait.
local SWEEP_MAX = 1000
-- RELEASE_TOMBSTONE_NS, in us.
local TOMBSTONE = 10000000

local call, floor, ceil = redis.call, math.floor, math.ceil
local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- What the charges make of each state, by its key: two may share one.
local states = {}

-- These set c.granted, and c.taken, by which the use changes.

local function give_back(c, used)
    c.granted = math.min(-c.amount, used)
    c.taken = -c.granted
end

-- Takes c.amount of c.left.
local function take(c)
    if c.amount <= c.left then
        c.granted = c.amount
    elseif c.left > 0 and (c.is_best_effort or c.is_shadow) then
        c.granted = c.left
        c.is_refused = not c.is_best_effort
    else
        c.granted = 0
        c.is_refused = true
    end
    c.taken = c.granted
end

-- Whole tokens that come back in `elapsed` us, and the part of the next one.
-- elapsed * rate may need 67 bits, so it is divided in two halves: each
-- product and sum below stays under 2^53, where floor and % are exact.
local function regain(elapsed, part, rate, span)
    local spans, rest = floor(elapsed / span), elapsed % span
    local high, low = floor(rate / 32768), rate % 32768
    local high_product = rest * high
    local low_product = high_product % span * 32768 + rest * low + part
    return spans * rate + floor(high_product / span) * 32768
        + floor(low_product / span), low_product % span
end

-- A token bucket: the tokens in use, the part of the next one that is back,
-- and when that was. It expires when it is full again.

local function read_bucket(c)
    local bytes = call('GET', c.key)
    if not bytes then
        return { used = 0, part = 0 }
    end
    local used, part, at = struct.unpack('<ddd', bytes)
    -- A clock that was set back goes on from there.
    local tokens, rest = regain(math.max(now - at, 0), part, c.rate, c.span)
    if tokens >= used then
        return { used = 0, part = 0 }
    end
    return { used = used - tokens, part = rest }
end

local function write_bucket(c)
    local state = states[c.key]
    if c.taken == 0 then
        return
    elseif state.used == 0 then
        call('DEL', c.key)
    else
        -- Without a rate it never is: any time will do, for nothing is granted.
        local rate = math.max(c.rate, 1)
        local full = ceil((state.used * c.span - state.part) / rate / 1000)
        call('SET', c.key, struct.pack('<ddd', state.used, state.part, now),
            'PX', full + 1)
    end
end

local function bucket(c)
    local state = states[c.key] or read_bucket(c)
    states[c.key] = state
    c.left, c.part = c.limit - state.used, state.part
    if c.recorded then
        c.granted = c.recorded
    elseif c.amount > 0 then
        take(c)
    elseif c.amount < 0 then
        give_back(c, state.used)
    end
    state.used = state.used + c.taken
    c.commit = write_bucket
end

-- Leases are one sorted set, so that whatever becomes of it, they and their
-- sum live and die together:
--   ID      > 0  when the lease ends, in us; its units are 1 unless there is
--   "u"ID  <= 0  minus its units; 0: no lease but a tombstone
--   ""      < 0  minus the units of all leases; absent when there are none

local function units_of(score)
    return score and -score or 1
end

local function set_held(key, held)
    if held == 0 then
        call('ZREM', key, '')
    else
        call('ZADD', key, -held, '')
    end
end

-- Keeps the set for as long as a lease of `span` us that begins now.
local function keep(key, span)
    local ms = ceil(span / 1000) + 1
    if call('PTTL', key) < ms then
        call('PEXPIRE', key, 2 * ms)
    end
end

local function sweep(key)
    local ids = call('ZRANGEBYSCORE', key, '(0', now, 'LIMIT', 0, SWEEP_MAX)
    if #ids == 0 then
        return
    end
    local units_names = {}
    for i, id in ipairs(ids) do
        units_names[i] = 'u' .. id
    end
    local ended = 0
    for _, score in ipairs(call('ZMSCORE', key, unpack(units_names))) do
        ended = ended + units_of(score)
    end
    local held = -(call('ZSCORE', key, '') or 0)
    call('ZREM', key, unpack(ids))
    call('ZREM', key, unpack(units_names))
    if ended > 0 then
        set_held(key, held - ended)
    end
end

-- Takes `units` off a lease of `has` units; without any left it ends.
local function shrink(key, id, has, units)
    if units < has then
        call('ZADD', key, units - has, 'u' .. id)
    else
        call('ZREM', key, id, 'u' .. id)
    end
end

-- Takes `units` off the leases that end first.
local function shrink_oldest(key, units)
    local tombstones = 0
    while units > 0 do
        local id = call('ZRANGEBYSCORE', key, '(0', '+inf',
            'LIMIT', tombstones, 1)[1]
        local has = units_of(call('ZSCORE', key, 'u' .. id))
        if has == 0 then
            tombstones = tombstones + 1
        else
            shrink(key, id, has, units)
            units = units - math.min(has, units)
        end
    end
end

-- c.own: the units that the lease of this id has; 0: a tombstone; nil: neither.
-- c.held: the sum when the charge is made.

local function write_lease(c)
    if c.granted > 0 then
        call('ZADD', c.key, now + c.span, c.id, -c.held, '')
        if c.taken > 1 then
            call('ZADD', c.key, -c.taken, 'u' .. c.id)
        end
        keep(c.key, c.span)
    end
end

local function write_release(c)
    if c.granted > 0 then
        shrink(c.key, c.id, c.own, c.granted)
        set_held(c.key, c.held)
    elseif not c.own then
        call('ZADD', c.key, now + TOMBSTONE, c.id, 0, 'u' .. c.id)
        keep(c.key, TOMBSTONE)
    end
end

local function write_oldest(c)
    if c.granted > 0 then
        shrink_oldest(c.key, c.granted)
        set_held(c.key, c.held)
    end
end

local function leases(c)
    local state = states[c.key]
    if not state then
        sweep(c.key)
        state = { own = {} }
        states[c.key] = state
    end
    local scores = call('ZMSCORE', c.key, '', c.id, 'u' .. c.id)
    state.held = state.held or -(scores[1] or 0)
    c.own = state.own[c.id]
    if not c.own and c.id ~= '' and scores[2] then
        c.own = units_of(scores[3])
    end
    c.left = c.limit - state.held
    if c.recorded then
        c.granted = c.recorded
    elseif c.amount > 0 and c.own then
        -- A repeat renews. After a tombstone there is nothing to take.
        c.granted, c.commit = c.own, write_lease
    elseif c.amount > 0 then
        take(c)
        c.commit = write_lease
        state.own[c.id] = c.granted > 0 and c.granted or nil
    elseif c.amount < 0 and c.id ~= '' and not c.record_key then
        give_back(c, c.own or 0)
        c.commit = write_release
    elseif c.amount < 0 then
        give_back(c, state.held)
        c.commit = write_oldest
    end
    state.held = state.held + c.taken
    c.held = state.held
end

local charges, is_refused, k = {}, false, 0
for a = 0, #ARGV - 1, FIELDS do
    k = k + 1
    local c = {
        key = KEYS[k], amount = tonumber(ARGV[a + 2]),
        is_best_effort = ARGV[a + 3] == '1', is_shadow = ARGV[a + 4] == '1',
        limit = tonumber(ARGV[a + 5]), rate = tonumber(ARGV[a + 6]),
        span = tonumber(ARGV[a + 7]), id = ARGV[a + 9],
        granted = 0, taken = 0, left = 0, part = 0
    }
    if ARGV[a + 8] ~= '0' then
        k = k + 1
        c.record_key, c.record = KEYS[k], ARGV[a + 8]
        c.recorded = tonumber(call('GET', c.record_key))
    end
    if ARGV[a + 1] == 'bucket' then
        bucket(c)
    else
        leases(c)
    end
    is_refused = is_refused or c.is_refused and not c.is_shadow
    charges[#charges + 1] = c
end

local reply = {}
for _, c in ipairs(charges) do
    if is_refused then
        c.granted, c.taken = 0, 0
    elseif c.commit then
        c.commit(c)
        if c.record_key and not c.recorded and c.granted > 0 then
            call('SET', c.record_key, c.granted, 'PX', c.record)
        end
    end
    reply[#reply + 1] = c.is_refused and -1 - c.granted or c.granted
    reply[#reply + 1] = c.left - c.taken
    reply[#reply + 1] = c.part
end
return reply
