
-- A rolling window: when its newest bucket began, and of each bucket when it
-- ends and its units, in this order.
local function make_rolling()
    local function read(key)
        local bytes, used, start, ends, units =
            call('GET', key), 0, 0, { nil }, { nil }
        if bytes then
            local stored, count = cmsgpack.unpack(bytes), 0
            start = stored[1]
            for i = 2, #stored, 2 do
                if now < stored[i] then
                    count = count + 1
                    ends[count], units[count] = stored[i], stored[i + 1]
                    used = used + stored[i + 1]
                end
            end
        end
        return { used = used, start = start, ends = ends, units = units,
            key = key, kind = false, is_changed = false }
    end

    -- Buckets stay in the order of their end, also when time steps back, and
    -- their number within its bound, also when `share` has changed.
    local function joins_newest(state, count, share, span)
        return now < state.start + share or now < state.ends[count] - span
            or count >= divide(span, share) + 2
    end

    local function take(state, taken, share, span)
        local ends, units, count = state.ends, state.units, #state.ends
        if count > 0 and joins_newest(state, count, share, span) then
            local before = ends[count]
            ends[count] = max(before, now + span)
            units[count] = units[count] + taken
            return before
        end
        local before = -state.start
        state.start = now
        ends[count + 1], units[count + 1] = now + span, taken
        return before
    end

    -- before: when the bucket ended, or minus the start of the one before it.
    local function undo(state, taken, before)
        local ends, units, count = state.ends, state.units, #state.ends
        if before > 0 then
            ends[count], units[count] = before, units[count] - taken
        else
            ends[count], units[count], state.start = nil, nil, -before
        end
    end

    local function drop(state, rest)
        local ends, units = state.ends, state.units
        for count = #ends, 1, -1 do
            if rest < units[count] then
                units[count] = units[count] - rest
                return
            end
            rest = rest - units[count]
            ends[count], units[count] = nil, nil
            -- The one before it began too long ago to be joined.
            state.start = 0
        end
    end

    -- How long until `wanted` units can be had, and until nothing is in use.
    local function tell(state, wanted, limit)
        local ends, missing, wait = state.ends, state.used + wanted - limit, 0
        if wanted > limit then
            wait = -1
        elseif wanted > 0 then
            for i, units in ipairs(state.units) do
                if missing <= 0 then
                    break
                end
                missing, wait = missing - units, ends[i] - now
            end
        end
        return wait, state.used > 0 and ends[#ends] - now or 0
    end

    local function pack_state(state)
        local stored = { state.start }
        for i, ends in ipairs(state.ends) do
            stored[2 * i], stored[2 * i + 1] = ends, state.units[i]
        end
        return cmsgpack.pack(stored), state.ends[#state.ends]
    end

    return { read = read, take = take, undo = undo, drop = drop,
        tell = tell, pack = pack_state }
end
