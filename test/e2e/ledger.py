"""What clients saw, held against a limit.

A client knows when it sent a call and when it had the answer; what the server
decided, it decided in between. So a limit is broken where it is broken however
kindly each decision is placed within its interval, and was left unused where
somebody was refused and even then too little was in use.

Instants are seconds of one clock that all clients share. Each kind of limit
has
  over(calls)  by how many admissions it is broken at worst; <= 0: it holds
  used(calls)  the least share of it that was in use when somebody was refused;
               None: nobody was
"""
import bisect
import dataclasses

# The clocks of clients and stores run apart by less than this in one window.
SKEW = 0.002


@dataclasses.dataclass(slots=True)
class Call:
    """A Check for one unit of one quota."""
    quota: str
    sent: float
    received: float
    granted: bool = False
    outage: bool = False    # answered by on_outage, not by the store
    error: str = ""         # no answer: the gRPC code
    valid: float = 0        # seconds that it may be used for
    server: int = 0
    due: float = None       # when it was to be sent; None: then
    let_go: float = None    # when the release of its lease was sent
    let_go_due: float = None
    told: float = None      # when that was answered
    freed: bool = False     # and the lease had been there until then
    untold: str = ""        # it had no answer: the gRPC code

    @property
    def is_refusal(self):
        """By the limit."""
        return not (self.granted or self.outage or self.error)

    @property
    def waits(self):
        """How long it took, and its release if there was one: since each was
        due."""
        yield self.received - (self.sent if self.due is None else self.due)
        if self.told is not None:
            yield self.told - (self.let_go_due or self.let_go)

    @property
    def lag(self):
        """Behind its time when it was sent."""
        return 0 if self.due is None else self.sent - self.due


def granted(calls):
    return [call for call in calls if call.granted and not call.outage]


def refusals(calls):
    return [call for call in calls if call.is_refusal]


def most_within(calls, per):
    """The most that surely were admitted within a time of `per`."""
    calls = sorted(calls, key=lambda call: call.sent)
    received = sorted(call.received for call in calls)
    slow = [call for call in calls if call.received - call.sent >= per]
    most = 0
    for i, first in enumerate(calls):
        end = first.sent + per
        # Of those that were sent before the first, only slow ones are not
        # answered by the end.
        before = i - sum(call.sent < first.sent and call.received >= end
                         for call in slow)
        most = max(most, bisect.bisect_left(received, end) - before)
    return most


@dataclasses.dataclass
class Bucket:
    """`burst` at once, and `amount` come back in each `per`."""
    amount: int
    per: float
    burst: int

    def over(self, calls):
        """The most by which the calls within any [begin, end] exceed what is
        granted in that time.

        The end goes through the answers. What is kept are the begins that may
        still be the worst: with c(b) the calls within [b, end], the worst has
        the largest rate * b + c(b). A later call counts for all begins before
        it was sent, so one that is no better than an earlier one never will
        be, and those that are left grow better from first to last."""
        rate = self.amount / self.per
        sent, begins, worst = [], [], -self.burst

        def value(begin):
            return rate * begin + len(sent) - bisect.bisect_left(sent, begin)

        for call in sorted(granted(calls), key=lambda call: call.received):
            bisect.insort(sent, call.sent)
            at = bisect.bisect_left(begins, call.sent)
            begins.insert(at, call.sent)
            if at > 0 and value(begins[at]) <= value(begins[at - 1]):
                del begins[at]
                at -= 1
            while at + 1 < len(begins) and \
                    value(begins[at + 1]) <= value(begins[at]):
                del begins[at + 1]
            worst = max(worst, value(begins[-1]) - self.burst -
                        rate * (call.received + SKEW))
        return worst

    def used(self, calls):
        """Of all that came back until the last refusal."""
        refused = sorted(refusals(calls), key=lambda call: call.sent)
        taken = granted(calls)
        if not refused or not taken:
            return 0 if refused else None
        rate, fill = self.amount / self.per, self.burst * self.per / self.amount
        begin = min(call.received for call in taken)
        last = refused[-1]
        offered = self.burst + rate * max(last.sent - begin, 0)
        # Where nobody asked for so long that it was full, the rest is lost.
        for a, b in zip(refused, refused[1:]):
            offered -= rate * max(b.received - a.sent - fill, 0)
        # The one that was refused did not find a whole one.
        return (sum(call.sent <= last.received for call in taken) + 1) / offered


@dataclasses.dataclass
class Window:
    """`amount` until a window ends, which each admission announces."""
    amount: int
    per: float
    wall: float = None  # aligned: the wall clock, less that of the calls

    def sort(self, calls):
        """[(the end is not before, not after, calls)] of each window, and the
        calls that took too long to tell of which they are."""
        calls = granted(calls)
        slow = [c for c in calls if c.received - c.sent >= self.per / 2]
        rest = sorted((c for c in calls if c.received - c.sent < self.per / 2),
                      key=lambda c: c.received + c.valid)
        windows = []
        for call in rest:
            low, high = call.sent + call.valid, call.received + call.valid
            if windows and low <= windows[-1][1] + SKEW:
                first, last, members = windows[-1]
                windows[-1] = max(first, low), last, members
                members.append(call)
            else:
                windows.append((low, high, [call]))
        return windows, slow

    def over(self, calls):
        windows, _ = self.sort(calls)
        worst = -self.amount
        for low, high, members in windows:
            worst = max(worst, len(members) - self.amount)
            if self.wall is not None:
                assert self.is_whole(low, high), (low, high, self)
        # A store that forgot a window began another one before its end.
        for (low, _, _), (_, _, members) in zip(windows, windows[1:]):
            early = sum(call.received < low - SKEW for call in members)
            worst = max(worst, early) if early else worst
        return worst

    def is_whole(self, low, high):
        """The end may be one of a unit of the calendar."""
        low, high = low + self.wall - SKEW, high + self.wall + SKEW
        return high // self.per > low // self.per

    def used(self, calls):
        windows, slow = self.sort(calls)
        lows = [low for low, _, _ in windows]
        highs = [high for _, high, _ in windows]
        shares = []
        for call in refusals(calls):
            first = bisect.bisect_left(highs, call.sent - SKEW)
            last = bisect.bisect_right(lows, call.received + self.per + SKEW)
            there = (len(members) + len(slow)
                     for _, _, members in windows[first:last])
            shares.append(max(there, default=0) / self.amount)
        return min(shares, default=None)


@dataclasses.dataclass
class Rolling:
    """Never more than `amount` within any `per`; each comes back `bucket` later
    than it could at most."""
    amount: int
    per: float
    bucket: float

    def over(self, calls):
        return most_within(granted(calls), self.per - SKEW) - self.amount

    def used(self, calls):
        taken = granted(calls)
        sent = sorted(call.sent for call in taken)
        received = sorted(call.received for call in taken)
        shares = []
        for call in refusals(calls):
            since = call.sent - self.per - self.bucket - SKEW
            there = (bisect.bisect_right(sent, call.received) -
                     bisect.bisect_left(received, since))
            shares.append(there / self.amount)
        return min(shares, default=None)


@dataclasses.dataclass
class Slots:
    """At most `amount` at a time, each for `lease` at most."""
    amount: int
    lease: float

    def over(self, calls):
        changes = []
        for call in granted(calls):
            end = call.sent + self.lease - SKEW
            if call.let_go is not None:
                end = min(end, call.let_go)
            if end > call.received:
                changes += [(call.received, 1), (end, -1)]
        held = most = 0
        for _, change in sorted(changes):
            held += change
            most = max(most, held)
        return most - self.amount

    def used(self, calls):
        taken = granted(calls)
        begins = sorted(call.sent for call in taken)
        ends = sorted(call.told if call.freed else call.received + self.lease
                      for call in taken)
        shares = [(bisect.bisect_right(begins, call.received) -
                   bisect.bisect_left(ends, call.sent)) / self.amount
                  for call in refusals(calls)]
        return min(shares, default=None)
