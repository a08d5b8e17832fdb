-- Takes the charges of Checks, one Check after the other: all of its charges or
-- none of them. Each Check sees what those before it made.
--
-- KEYS     of each charge: its state, then its record if it has one
-- ARGV[1]  the charges, packed as CHARGE says; of a Check, first those that
--          take or look, then those that give back:
--   kind    BUCKET, FIXED, ROLLING or LEASES
--   flags   a sum; 1: best effort, what is left will do; 2: shadow, takes what
--           it can and refuses nothing; 4: the last one of its Check; 8: an id
--           of 16 bytes follows; 16: of a part of a Check, see below
--   amount  > 0 takes, 0 looks, < 0 gives back
--   limit   the most that may be in use
--   rate    BUCKET: tokens that come back per span; FIXED: a unit of the
--           calendar, or 0; ROLLING: us for which uses share a bucket
--   span    us: the period of a bucket, the length of a window or of a lease
--   record  ms that a retry is recognised for; 0: it has no record
--   id      of a lease
-- The parts of a Check that lies on several nodes are made one by one, so a part
-- may have to be undone. Its answer tells what it did not take now but had before
-- under the same id: `granted` is then greater by BEFORE. And a charge of it with
-- a record that gives back undoes what that record of a take says, if there is
-- one, and forgets it.
-- Returns integers; for each charge:
--   granted  what it got or gave back; if it refused, -1 less what it got in
--            spite of that, as shadow; FAILED if its Check could not be made
--   left     limit less use; < 0 when a limit has shrunk below its use
--   BUCKET   part: what has come back of the next token, in 1/span
--   FIXED    us until the window ends; 0 while nothing is in use
--   ROLLING  us until what was refused can be had, -1 for never; 0 if nothing
--            was; then us until nothing is in use
--
-- Numbers are doubles, exact for integers below 2^53. Microseconds since 1970
-- stay below for 230 years, and amounts end at 10^9 < 2^30.
-- Most of the time goes into calls and fields of tables: hence few of them
-- where every charge passes.

local BUCKET, FIXED, ROLLING, LEASES = 1, 2, 3, 4
local CHARGE, CHARGE_BYTES = '<BBi4I4i8i8I4', 30
local FAILED = 2000000000
local BEFORE = 3000000000

local call, ceil, max, min = redis.call, math.ceil, math.max, math.min
local pack, parse, format = struct.pack, struct.unpack, string.format
local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]

-- `dividend` >= 0 and `divisor` > 0 are integers.
local function divide(dividend, divisor)
    return (dividend - dividend % divisor) / divisor
end

-- An argument of a command. Many are alike, and Redis takes long for a number.
local texts = {}
local function text_of(number)
    local text = texts[number]
    if not text then
        text = format('%.0f', number)
        texts[number] = text
    end
    return text
end

-- For PX: what expires then is there until `instant`.
local function ms_until(instant)
    return ceil((instant - now) / 1000) + 1
end

-- What a take of `amount` gets where `left` units are free, and whether that is
-- a refusal. mode: the flags for best effort and shadow.
local function admit(amount, left, mode)
    if amount <= left then
        return amount, false
    elseif mode > 0 and left > 0 then
        return left, mode == 2
    end
    return 0, true
end

-- A kind of rate is a table of functions; its states are strings. A state has
-- `used`, the units in use, and what else its kind needs.
--   read(key, rate, span)  the state of a key as it is now, with the fields
--                          that all of them get
--   take(state, units, rate, span)  before `used` grows; returns what undo
--                                   needs. May be missing
--   undo(state, units, before)      after `used` shrank. May be missing
--   drop(state, units)     gives units back, before `used` shrinks
--   tell(state, wanted, limit)  the results that are its own; wanted: what was
--                               refused, or 0
--   pack(state)            its bytes, until when they matter, and whether that
--                          is as it was read
