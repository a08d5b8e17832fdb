
local function make_rate(number)
    if number == BUCKET then
        return make_bucket()
    end
    return number == FIXED and make_fixed() or make_rolling()
end

local function write_rate(kind, state)
    if state.used == 0 then
        call('DEL', state.key)
    else
        local packed, ends, is_kept = kind.pack(state)
        if is_kept then
            call('SET', state.key, packed, 'KEEPTTL')
        else
            call('SET', state.key, packed, 'PX', text_of(ms_until(ends)))
        end
    end
end

-- A call of one charge on a rate, as most are while little is to do. It is made
-- as it would be below, but without all that only many of them need, or parts.
local function charge_one(number, flags, amount, limit, rate, span, record)
    local kind, mode = make_rate(number), flags % 4
    local state = kind.read(KEYS[1], rate, span)
    local recorded = record > 0 and tonumber(call('GET', KEYS[2]))
    local granted, wanted, is_refused = recorded or 0, 0, false
    if not recorded and amount > 0 then
        granted, is_refused = admit(amount, limit - state.used, mode)
        if granted > 0 then
            if kind.take then
                kind.take(state, granted, rate, span)
            end
            state.used = state.used + granted
        end
        if is_refused then
            wanted = mode % 2 == 1 and 1 or amount
        end
    elseif not recorded and amount < 0 then
        granted = min(-amount, state.used)
        kind.drop(state, granted)
        state.used = state.used - granted
    end
    if not recorded and granted > 0 then
        state.rate, state.span = rate, span
        write_rate(kind, state)
        if record > 0 then
            call('SET', KEYS[2], text_of(granted), 'PX', text_of(record))
        end
    end
    return { is_refused and -1 - granted or granted, limit - state.used,
        kind.tell(state, wanted, limit) }
end

local bytes = ARGV[1]
if #bytes == CHARGE_BYTES and bytes:byte() ~= LEASES and bytes:byte(2) < 16 then
    return charge_one(parse(CHARGE, bytes))
end

-- What is in use, by key, as it was read and as all Checks so far made it: the
-- units `used`, and what else its kind needs. What changed is written in the
-- end.
local states, changed = {}, { nil }

-- Of the Check at hand, how to undo it: for each charge that took something its
-- state, how much, and what its kind needs besides.
local log, log_size = { nil, nil, nil }, 0
-- And what is to be done when it is sure to be granted.
local pending, pending_count = { nil }, 0

local function change(state)
    if not state.is_changed then
        state.is_changed = true
        changed[#changed + 1] = state
    end
end
