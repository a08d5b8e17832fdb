
-- A fixed window: the units in use, and when it ends.
local function make_fixed()
    local DAY = 86400000000
    -- Units of the calendar, from the second to the week; then come the month
    -- and the year.
    local LENGTHS = { 1000000, 60000000, 3600000000, DAY, 7 * DAY }
    local WEEK, MONTH = 5, 6
    -- 1970 began on a Thursday.
    local FIRST_MONDAY = 4 * DAY

    -- Days from 1970 to the first of a month, of years that begin with March,
    -- month 0, so that a leap day is the last one of its year. Five months of
    -- 31 and 30 days in turn have 153.
    -- Source: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms.
    local function days_until(year, month)
        return year * 365 + divide(year, 4) - divide(year, 100)
            + divide(year, 400) + divide(153 * month + 2, 5) - 719468
    end

    -- Such a year, and its month.
    local function today()
        local day = divide(now, DAY) + 719468
        local of_era = day % 146097
        local year = divide(of_era - divide(of_era, 1460)
            + divide(of_era, 36524) - divide(of_era, 146096), 365)
        local of_year = of_era - year * 365 - divide(year, 4)
            + divide(year, 100)
        return divide(day, 146097) * 400 + year, divide(5 * of_year + 2, 153)
    end

    local function end_of(unit, span)
        if unit == 0 then
            return now + span
        elseif unit < MONTH then
            local start = unit == WEEK and FIRST_MONDAY or 0
            return now + LENGTHS[unit] - (now - start) % LENGTHS[unit]
        end
        local year, month = today()
        if unit == MONTH and month < 11 then
            return days_until(year, month + 1) * DAY
        elseif unit == MONTH then
            return days_until(year + 1, 0) * DAY
        end
        -- Month 10 is January.
        return days_until(month < 10 and year or year + 1, 10) * DAY
    end

    local function read(key)
        local bytes, used, ends = call('GET', key), 0, 0
        if bytes then
            used, ends = parse('<dd', bytes)
        end
        if now >= ends then
            used, ends = 0, now
        end
        return { used = used, ends = ends, stored_ends = ends, key = key,
            kind = false, is_changed = false }
    end

    local function take(state, _, unit, span)
        if state.used == 0 then
            state.ends = end_of(unit, span)
        end
    end

    local function undo(state)
        if state.used == 0 then
            state.ends = now
        end
    end

    -- The next use begins a window.
    local function drop(state, units)
        if units == state.used then
            state.ends = now
        end
    end

    local function tell(state)
        return state.ends - now
    end

    local function pack_state(state)
        return pack('<dd', state.used, state.ends), state.ends,
            state.ends == state.stored_ends
    end

    return { read = read, take = take, undo = undo, drop = drop,
        tell = tell, pack = pack_state }
end
