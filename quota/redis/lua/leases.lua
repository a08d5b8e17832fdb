
-- Leases are one sorted set, so that whatever becomes of it, they and their
-- sum live and die together:
--   ID      > 0  when the lease ends, in us; its units are 1 unless there is
--   "u"ID  <= 0  minus its units; 0: no lease but a tombstone
--   ""      < 0  minus the units of all leases; absent when there are none
local function make_leases()
    -- How many more leases that have ended this call removes: bounds the time
    -- that others wait.
    local sweep_left = 1000
    -- RELEASE_TOMBSTONE_NS, in us.
    local TOMBSTONE = 10000000

    local function units_of(score)
        return score and -score or 1
    end

    -- Keeps the set for as long as a lease of `span` us that begins now.
    local function keep(key, span)
        local ms = ms_until(now + span)
        if call('PTTL', key) < ms then
            call('PEXPIRE', key, 2 * ms)
        end
    end

    local function set_held(key, held)
        if held == 0 then
            call('ZREM', key, '')
        else
            call('ZADD', key, -held, '')
        end
    end

    local function sweep(key)
        local ids = call('ZRANGEBYSCORE', key, '(0', now,
            'LIMIT', 0, sweep_left)
        if #ids == 0 then
            return
        end
        sweep_left = sweep_left - #ids
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

    -- state.own: units of the leases that were asked for by id; 0: a
    -- tombstone; false: there is none. state.span: how long it must be kept.
    local function read(key, id, state)
        if not state then
            sweep(key)
            state = { own = {}, span = 0, key = key, kind = false }
        end
        if not state.used or id ~= '' and state.own[id] == nil then
            local scores = call('ZMSCORE', key, '', id, 'u' .. id)
            state.used = state.used or -(scores[1] or 0)
            state.own[id] = id ~= '' and scores[2] and units_of(scores[3])
        end
        return state
    end

    local function begin(state, id, span, units)
        call('ZADD', state.key, now + span, id)
        if units > 1 then
            call('ZADD', state.key, -units, 'u' .. id)
        end
        state.span = max(state.span, span)
        change(state)
    end

    -- What a take of `amount` gets, and whether that is a refusal.
    local function take(state, id, amount, limit, mode, span)
        local granted, is_refused, taken = state.own[id], false, 0
        -- A repeat renews. After a tombstone there is nothing to take.
        if not granted then
            granted, is_refused = admit(amount, limit - state.used, mode)
            taken = granted
        end
        if granted > 0 then
            state.own[id] = granted
            pending_count = pending_count + 1
            pending[pending_count] = function()
                begin(state, id, span, taken)
            end
        end
        return granted, is_refused, taken
    end

    -- What it took; before: its id.
    local function undo(state, _, id)
        state.own[id] = false
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
                units = units - min(has, units)
            end
        end
    end

    local function release_oldest(state, wanted)
        local units = min(wanted, state.used)
        if units > 0 then
            shrink_oldest(state.key, units)
            state.own = {}
        end
        return units
    end

    local function release(state, id, wanted)
        local own = state.own[id]
        local units = min(wanted, own or 0)
        if units > 0 then
            shrink(state.key, id, own, units)
            state.own[id] = own > units and own - units
        elseif not own then
            call('ZADD', state.key, now + TOMBSTONE, id, 0, 'u' .. id)
            state.own[id] = 0
            state.span = max(state.span, TOMBSTONE)
            change(state)
        end
        return units
    end

    local function give_back(state, id, wanted)
        if id == '' then
            return release_oldest(state, wanted)
        end
        return release(state, id, wanted)
    end

    local function write(state)
        set_held(state.key, state.used)
        if state.span > 0 then
            keep(state.key, state.span)
        end
    end

    return { read = read, take = take, undo = undo, give_back = give_back,
        write = write }
end
