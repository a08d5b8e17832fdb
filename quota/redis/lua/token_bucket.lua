
-- A token bucket: the tokens in use, the part of the next one that is back,
-- and when that was. It expires when it is full again.
local function make_bucket()
    -- Whole tokens that come back in `elapsed` us, and the part of the next
    -- one. elapsed * rate may need 67 bits, so it is divided in two halves:
    -- each product and sum below stays under 2^53, where all is exact.
    local function regain(elapsed, part, rate, span)
        local rest, low = elapsed % span, rate % 32768
        local high_product = rest * ((rate - low) / 32768)
        local high_rest = high_product % span
        local low_product = high_rest * 32768 + rest * low + part
        local low_rest = low_product % span
        return (elapsed - rest) / span * rate
            + (high_product - high_rest) / span * 32768
            + (low_product - low_rest) / span, low_rest
    end

    local function read(key, rate, span)
        local bytes, used, part, at = call('GET', key), 0, 0, 0
        if bytes then
            used, part, at = parse('<ddd', bytes)
            -- A clock that was set back goes on from there.
            if now > at then
                local tokens
                tokens, part = regain(now - at, part, rate, span)
                used = used - tokens
            end
            if used <= 0 then
                used, part = 0, 0
            end
        end
        return { used = used, part = part, key = key, kind = false,
            rate = rate, span = span, is_changed = false }
    end

    local function drop(state, units)
        if units == state.used then
            state.part = 0
        end
    end

    local function tell(state)
        return state.part
    end

    local function pack_state(state)
        -- Without a rate it never is: any time will do, for nothing is granted.
        local full = (state.used * state.span - state.part) / max(state.rate, 1)
        return pack('<ddd', state.used, state.part, now), now + ceil(full)
    end

    return { read = read, drop = drop, tell = tell, pack = pack_state }
end
