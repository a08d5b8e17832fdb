
-- The kinds that were needed.
local kinds = { nil, nil, nil, nil }

-- The state of a key, and what its record says. May fail, and has changed
-- nothing then.
local function find(number, key, id, rate, span, record_key)
    local kind, state = kinds[number], states[key]
    if not kind then
        kind = number == LEASES and make_leases() or make_rate(number)
        kinds[number] = kind
    end
    if number == LEASES then
        state = kind.read(key, id, state)
    elseif not state then
        state = kind.read(key, rate, span)
    end
    state.kind = kind
    states[key] = state
    return state, record_key and tonumber(call('GET', record_key))
end

-- What the takes of a Check did to the states. Nothing of it is written yet.
local function undo()
    for i = log_size, 1, -3 do
        local state, taken, before = log[i - 2], log[i - 1], log[i]
        local undo_more = state.kind.undo
        state.used = state.used - taken
        if undo_more then
            undo_more(state, taken, before)
        end
    end
    log_size, pending_count = 0, 0
end

local function commit()
    for i = 1, log_size, 3 do
        change(log[i])
    end
    for i = 1, pending_count do
        pending[i]()
    end
    log_size, pending_count = 0, 0
end

-- What it gets, and whether that is a refusal.
local function take(number, state, id, amount, limit, mode, rate, span)
    local kind, granted, is_refused, taken, before = state.kind
    if number == LEASES then
        granted, is_refused, taken =
            kind.take(state, id, amount, limit, mode, span)
        before = id
    else
        granted, is_refused = admit(amount, limit - state.used, mode)
        taken, before = granted, 0
        if taken > 0 then
            if kind.take then
                before = kind.take(state, taken, rate, span)
            end
            state.rate, state.span = rate, span
        end
    end
    if taken > 0 then
        state.used = state.used + taken
        log[log_size + 1], log[log_size + 2], log[log_size + 3] =
            state, taken, before
        log_size = log_size + 3
    end
    return granted, is_refused, taken
end

-- How much of what is `wanted` back was in use.
local function give_back(number, state, id, wanted, rate, span)
    local units
    -- The takes come first, and none of them can refuse any more.
    commit()
    if number == LEASES then
        units = state.kind.give_back(state, id, wanted)
    else
        units = min(wanted, state.used)
        state.kind.drop(state, units)
        state.rate, state.span = rate, span
    end
    if units > 0 then
        state.used = state.used - units
        change(state)
    end
    return units
end

local reply, size = { nil, nil, nil, nil }, 0

-- Adds the results of a charge. wanted: what it refused, or 0.
local function answer(number, state, granted, limit, wanted)
    reply[size + 1] = wanted > 0 and -1 - granted or granted
    reply[size + 2] = limit - state.used
    if number == LEASES then
        size = size + 2
        return
    end
    local first, second = state.kind.tell(state, wanted, limit)
    reply[size + 3], reply[size + 4] = first, second
    size = second and size + 4 or size + 3
end

local function answer_failed(number)
    local results = number == ROLLING and 4 or number == LEASES and 2 or 3
    reply[size + 1] = FAILED
    for i = 2, results do
        reply[size + i] = 0
    end
    size = size + results
end

-- The charges of the Check at hand, as answer() wants them. A Check of one has
-- no need of it.
local charges, charge_count = {}, 0

local function answer_all(is_failed, is_refused)
    for i = 1, charge_count do
        local number, state, granted, limit, wanted = unpack(charges[i], 1, 5)
        if is_failed then
            answer_failed(number)
        else
            answer(number, state, is_refused and 0 or granted, limit, wanted)
        end
    end
    charge_count = 0
end

local keys = KEYS
-- The next key and byte.
local k, at = 1, 1
-- Of the Check at hand; and whether any could be made.
local is_failed, is_refused, is_any_made, fault = false, false, false, nil

while at <= #bytes do
    local number, flags, amount, limit, rate, span, record, record_key
    local key, id, granted, wanted, is_undone = keys[k], '', 0, 0, false
    number, flags, amount, limit, rate, span, record, at =
        parse(CHARGE, bytes, at)
    k = k + 1
    if flags % 16 >= 8 then
        id, at = parse('c16', bytes, at)
    end
    if record > 0 then
        record_key, k = keys[k], k + 1
    end

    local state, is_found, recorded = states[key], true
    if not state or record_key or id ~= '' then
        is_found, state, recorded =
            pcall(find, number, key, id, rate, span, record_key)
        if not is_found then
            fault, is_failed = state, true
        end
    end

    local mode, is_part, is_repeat = flags % 4, flags >= 16, recorded
    if is_part and record_key and amount < 0 then
        is_undone, is_repeat = true, false
        amount, recorded = -(recorded or 0), nil
    end
    if is_failed then
        -- Nothing of it is made.
    elseif recorded then
        granted = recorded
    elseif amount > 0 then
        local is_short, taken
        granted, is_short, taken =
            take(number, state, id, amount, limit, mode, rate, span)
        is_repeat = taken == 0
        if is_short then
            wanted = mode % 2 == 1 and 1 or amount
            is_refused = is_refused or mode < 2
        end
    elseif amount < 0 and not is_refused then
        granted = give_back(number, state, id, -amount, rate, span)
    end
    if is_undone then
        pending_count = pending_count + 1
        pending[pending_count] = function()
            call('DEL', record_key)
        end
    elseif record_key and not recorded and granted > 0 then
        pending_count = pending_count + 1
        pending[pending_count] = function()
            call('SET', record_key, text_of(granted), 'PX', text_of(record))
        end
    end
    if is_part and is_repeat and granted > 0 then
        granted = granted + BEFORE
    end

    local is_last = flags % 8 >= 4
    if is_last then
        if is_failed or is_refused then
            undo()
        else
            commit()
        end
        is_any_made = is_any_made or not is_failed
    end
    if is_last and charge_count == 0 and not is_failed then
        answer(number, state, granted, limit, wanted)
    else
        charge_count = charge_count + 1
        charges[charge_count] = { number, state, granted, limit, wanted }
    end
    if is_last then
        answer_all(is_failed, is_refused)
        is_failed, is_refused = false, false
    end
end

-- As if nobody had caught it.
if not is_any_made and #bytes > 0 then
    error(fault, 0)
end
for i = 1, #changed do
    local state = changed[i]
    local kind = state.kind
    if kind.write then
        kind.write(state)
    else
        write_rate(kind, state)
    end
end
return reply
