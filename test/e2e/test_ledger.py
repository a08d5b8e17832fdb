"""The judge of the other tests: it sees what is wrong, and only that."""
import random
import time

import pytest

from ledger import SKEW, Bucket, Call, Rolling, Slots, Window, most_within


def took(*instants, trip=0.01, **more):
    """Admissions at these instants."""
    return [Call("q", at - trip / 2, at + trip / 2, granted=True, **more)
            for at in instants]


def refused(*instants, trip=0.01, **more):
    return [Call("q", at - trip / 2, at + trip / 2, **more) for at in instants]


def until(end, *instants):
    """Admissions to a window that ends then."""
    return [call for at in instants for call in took(at, valid=end - at)]


def held(begin, end):
    [call] = took(begin)
    call.let_go, call.told, call.freed = end, end + 0.01, True
    return [call]


BUCKET = Bucket(10, 1, 2)
WINDOW = Window(2, 1)
ALIGNED = Window(2, 1, wall=0)
ROLLING = Rolling(2, 1, 0.1)
SLOTS = Slots(2, 1)


@pytest.mark.parametrize("why, limit, calls, broken", [
    ("the burst", BUCKET, took(0, 0), False),
    ("one more than the burst", BUCKET, took(0, 0, 0), True),
    ("one came back", BUCKET, took(0, 0, 0.1), False),
    ("it may have", BUCKET, took(0, 0, 0.095), False),
    ("half of one", BUCKET, took(0, 0, 0.05), True),
    ("too fast for long", BUCKET, took(*(i * 0.08 for i in range(30))), True),
    ("as fast as may be", BUCKET, took(*(i * 0.1 for i in range(30))), False),
    ("an open gate is no limit", BUCKET, took(0, 0, 0, outage=True), False),
    ("two in a window", WINDOW, until(1, 0, 0.5), False),
    ("three in a window", WINDOW, until(1, 0, 0.5, 0.9), True),
    ("two and two", WINDOW, until(1, 0.9, 0.9) + until(2, 1.1, 1.1), False),
    ("a window before its time", WINDOW,
     until(1, 0, 0) + until(1.4, 0.4, 0.4), True),
    ("ends of a second", ALIGNED, until(1, 0.3) + until(3, 2.7), False),
    ("any two", ROLLING, took(0, 0.5, 1.5), False),
    ("three at the edge", ROLLING, took(0, 0.5, 1.0), False),
    ("three within", ROLLING, took(0, 0.5, 0.95), True),
    ("two at a time", SLOTS, held(0, 0.5) + held(0, 0.6) + held(0.5, 1), False),
    ("three at a time", SLOTS, held(0, 0.5) + held(0, 0.6) + held(0.4, 1),
     True),
    ("a lease ended", SLOTS, took(0, 0) + held(1.02, 1.5), False),
    ("leases not yet", SLOTS, took(0, 0) + held(0.9, 1.5), True),
], ids=lambda value: value if isinstance(value, str) else "")
def test_over(why, limit, calls, broken):
    assert (limit.over(calls) > 0) == broken


@pytest.mark.parametrize("why, limit, calls, share", [
    ("nobody was refused", WINDOW, until(1, 0), None),
    ("all of a burst", Bucket(10, 1, 200), took(*200 * [0]) + refused(0), 1),
    ("half of a burst", Bucket(10, 1, 200), took(*100 * [0]) + refused(0), .5),
    ("none of it", BUCKET, refused(0), 0),
    ("it was full again", Bucket(100, 1, 100), took(*100 * [0]) + refused(0) +
     took(*100 * [9]) + refused(9), 1),
    ("all of a window", WINDOW, until(1, 0, 0) + refused(0.5), 1),
    ("half of a window", WINDOW, until(1, 0) + refused(0.5), .5),
    ("after the window", WINDOW, until(1, 0, 0) + refused(1.5), 0),
    ("perhaps before its end", WINDOW, until(1, 0, 0) + refused(1), 1),
    ("all of the last second", ROLLING, took(0, 0.5) + refused(0.9), 1),
    ("in the same bucket", ROLLING, took(0, 0.5) + refused(1.05), 1),
    ("one had come back", ROLLING, took(0, 0.5) + refused(1.2), .5),
    ("both slots", SLOTS, held(0, 1) + held(0, 1) + refused(0.5), 1),
    ("one slot", SLOTS, held(0, 1) + held(0, 0.3) + refused(0.5), .5),
    ("an outage says nothing", SLOTS, refused(0, outage=True), None),
], ids=lambda value: value if isinstance(value, str) else "")
def test_used(why, limit, calls, share):
    used = limit.used(calls)
    assert used == share or abs(used - share) < 0.02


def test_windows_that_end_within_a_second_are_not_aligned():
    with pytest.raises(AssertionError):
        ALIGNED.over(until(1.5, 0.8))


# --- many calls --------------------------------------------------------------

def some(count, seconds, longest):
    """Admissions at random."""
    begins = (random.uniform(0, seconds) for _ in range(count))
    return [Call("q", begin, begin + random.uniform(0, longest), granted=True,
                 valid=random.uniform(0, 1)) for begin in begins]


def most_within_plainly(calls, per):
    return max(sum(first.sent <= call.sent and
                   call.received < first.sent + per for call in calls)
               for first in calls)


def over_plainly(bucket, calls):
    rate = bucket.amount / bucket.per
    return max(sum(first.sent <= call.sent and call.received <= last.received
                   for call in calls) - bucket.burst -
               rate * (last.received - first.sent + SKEW)
               for first in calls for last in calls if last.sent >= first.sent)


@pytest.mark.parametrize("longest", [0.001, 0.2, 3],
                         ids=["quick", "overlapping", "slow"])
def test_many_are_judged_as_few(longest):
    random.seed(1)
    for _ in range(30):
        calls = some(random.randint(1, 40), 4, longest)
        assert most_within(calls, 1) == most_within_plainly(calls, 1)
        assert BUCKET.over(calls) == pytest.approx(
            max(over_plainly(BUCKET, calls), -BUCKET.burst))


@pytest.mark.parametrize("limit", [
    Bucket(1000, 1, 1000), Window(1000, 1), Rolling(1000, 1, 0.1),
    Slots(1000, 1)], ids=lambda limit: type(limit).__name__)
def test_many_are_judged_quickly(limit):
    """Each against each, they would take an hour."""
    random.seed(1)
    calls = some(60_000, 60, 0.02) + [
        Call("q", at, at + 0.01) for at in range(40_000)]
    begin = time.monotonic()
    limit.over(calls)
    limit.used(calls)
    assert time.monotonic() - begin < 20
