"""Faults that pass over servers under a steady load, and what came of them.

The load and how often a fault passes come from the environment:
  FAULT_DEADLINE_MS  store.deadline; by default one that a busy machine keeps
                     most of the time
  FAULT_PER_SECOND   calls, of all quotas together; the limits are in proportion
  FAULT_CALLS        each fault passes again until so many were made
"""
import dataclasses
import json
import os
import time

from ledger import Bucket, Rolling, Slots, Window, granted
from racers import Plan, Racers
from support import Sluice, until

DEADLINE = int(os.environ.get("FAULT_DEADLINE_MS", 20)) / 1000
PER_SECOND = int(os.environ.get("FAULT_PER_SECOND", 200))
CALLS = int(os.environ.get("FAULT_CALLS", 0))

# More is asked for than there is: of what is asked for, 2 in 5 of a rate and 3
# in 5 of slots, which are let go before their leases end.
AMOUNT = PER_SECOND // 10
WINDOW = 1
HOLD = 0.2
SLOTS = max(int(PER_SECOND * 0.03), 1)
LEASE = 2
LIMITS = {
    "bucket": Bucket(AMOUNT, WINDOW, AMOUNT),
    "window": Window(AMOUNT, WINDOW),
    "rolling": Rolling(AMOUNT, WINDOW, 0.1),
    "slots": Slots(SLOTS, LEASE),
}
HOLDS = {name: HOLD if name == "slots" else 0 for name in LIMITS}


def quotas(on_outage):
    algorithms = {
        "bucket": f'algorithm = "token_bucket"; amount = {AMOUNT}; per = "1s";',
        "window": f'algorithm = "fixed_window"; amount = {AMOUNT}; per = "1s";',
        "rolling": f'algorithm = "rolling_window"; amount = {AMOUNT}; '
                   'per = "1s"; bucket = "100ms";',
    }
    groups = [f'{{ name = "{name}"; on_outage = "{on_outage}"; '
              f'rate = {{ {algorithm} }}; }}'
              for name, algorithm in algorithms.items()]
    groups.append(f'{{ name = "slots"; on_outage = "{on_outage}"; '
                  f'concurrency = {{ max = {SLOTS}; lease = "{LEASE}s"; }}; }}')
    return f"quotas = ( {', '.join(groups)} );"


# How long the longest may take on a machine that does much else meanwhile;
# what it takes is printed.
CALL_WITHIN = 1.5
BACK_WITHIN = 15
# The load ends with the site, and long before this.
SITE_SECONDS = 86400


# --- who takes part ---------------------------------------------------------

@dataclasses.dataclass
class Counts:
    """What is to be seen of outages, of all servers together."""
    answers: int     # by on_outage, of the metrics
    operations: int  # of the store
    open_gates: int
    episodes: int    # by /status
    begins: int      # by the log
    ends: int

    @property
    def is_peaceful(self):
        """No gate is open, and each episode has the line of its beginning and
        that of its end."""
        return not self.open_gates and \
            self.episodes == self.begins == self.ends


class Site:
    """Servers that share a store, and the load on them."""

    def __init__(self, folder, stores, on_outage="closed"):
        self.servers, self.load = [], None
        self.on_outage = on_outage
        try:
            for i, store in enumerate(stores):
                self.servers.append(Sluice(folder / f"s{i}", quotas(on_outage),
                                           workers=1, store=store))
            plan = Plan(addresses=[server.address for server in self.servers],
                        clients=8, quotas=HOLDS, seconds=SITE_SECONDS,
                        per_second=PER_SECOND)
            self.load = Racers(folder / "load", [plan])
            self.load.begin()
            time.sleep(WINDOW)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        if self.load:
            self.load.stop()
        for server in self.servers:
            server.kill()

    def reload(self, text):
        """One server after the other, until its workers have it. By rename: no
        server sees a file of which a part is written."""
        for server in self.servers:
            wanted = server.generation() + 1
            server.replace(text)
            server.wait_generation(wanted)

    def back_at(self, since):
        """When the last server was first heard to have asked the store for a
        call sent since then; None: not yet."""
        first = {}
        for call in self.load.calls(since):
            # A refusal of a rate may be one that is remembered.
            if call.quota == "slots" and not call.outage and not call.error:
                at = first.get(call.server, call.received)
                first[call.server] = min(at, call.received)
        return max(first.values()) if len(first) == len(self.servers) else None

    def grants(self, since):
        """Whether every quota was granted to a call sent since then."""
        calls = granted(self.load.calls(since))
        return {call.quota for call in calls} == set(LIMITS)

    def counts(self):
        gates = [server.status()["store"]["gate"] for server in self.servers]
        return Counts(
            answers=sum(server.metric("sluice_quota_outage_[a-z_]+_total")
                        for server in self.servers),
            operations=sum(server.metric("sluice_store_operations_total")
                           for server in self.servers),
            open_gates=sum(gate["open"] for gate in gates),
            episodes=sum(gate["episodes"] for gate in gates),
            begins=sum(len(server.events("store_outage"))
                       for server in self.servers),
            ends=sum(len(server.events("store_back"))
                     for server in self.servers))

    def peace(self):
        """The counts, once there is peace."""
        def counts():
            seen = self.counts()
            return seen if seen.is_peaceful else None
        return until(counts, BACK_WITHIN, what=self.counts)


# --- what happens -----------------------------------------------------------

@dataclasses.dataclass
class Fault:
    """begin(), and end() after `seconds`: then the store is there again.
    after(): makes all ready for it to pass once more.
    forgets: usage is lost, or not known meanwhile, so each limit may be granted
    once more."""
    name: str
    begin: object = lambda: None
    end: object = lambda: None
    after: object = lambda: None
    seconds: float = 1
    forgets: bool = False
    is_outage: bool = True


class Weather:
    """A fault passes over a site."""

    def __init__(self, site, fault):
        self.servers = site.servers
        self.before = site.peace()
        self.begin = time.monotonic()
        site.load.forget(self.begin - WINDOW)
        fault.begin()
        time.sleep(fault.seconds)
        fault.end()
        self.end = time.monotonic()

        self.back = until(lambda: site.back_at(self.end), BACK_WITHIN,
                          what=lambda: f"limits are back: {site.counts()}")
        # What was taken for callers who could not be told ends with its lease.
        until(lambda: site.grants(self.back), BACK_WITHIN,
              what="units are free")
        # A window of every quota, also for the next fault.
        time.sleep(max(self.back + 1.1 * WINDOW - time.monotonic(), 0))
        begun = site.load.begun()
        until(lambda: not site.load.unanswered(begun), BACK_WITHIN,
              what=lambda: f"{site.load.unanswered(begun)} calls wait")
        self.calls = site.load.calls(self.begin - WINDOW)
        self.after = site.peace()
        self.is_local = site.on_outage == "local"

    def over(self):
        """{quota: by how much it was over-admitted}"""
        # What was granted in memory counts as what the store granted.
        return self.judge(dataclasses.replace(call, outage=False)
                          if self.is_local else call for call in self.calls)

    def over_again(self):
        """The same of what the store granted since it is back."""
        return self.judge(call for call in self.calls if call.sent >= self.back)

    @staticmethod
    def judge(calls):
        calls = list(calls)
        return {name: limit.over([c for c in calls if c.quota == name])
                for name, limit in LIMITS.items()}

    def made(self):
        """The calls from its begin on."""
        return [call for call in self.calls if call.sent >= self.begin]

    def hit(self):
        """The calls until limits held again, but a second's at least."""
        until_then = max(self.back, self.begin + 1)
        return [call for call in self.made() if call.sent < until_then]

    def outages(self):
        """Answers by on_outage."""
        return sum(call.outage for call in self.made())

    def torn(self):
        """For how many seconds some servers asked the store and others did
        not."""
        spans = []
        for server in range(len(self.servers)):
            served = [call for call in self.made()
                      if call.server == server and call.outage]
            if served:
                spans.append((min(call.sent for call in served),
                              max(call.received for call in served)))
        if not spans:
            return 0
        begins, ends = zip(*spans)
        if len(spans) < len(self.servers):
            return max(ends) - min(begins)
        return max(begins) - min(begins) + max(ends) - min(ends)

    def since_before(self, count):
        return getattr(self.after, count) - getattr(self.before, count)


def bound(seen, fault, name):
    """By how much a limit may be broken."""
    limit = LIMITS[name]
    if not fault.forgets:
        return 0
    if seen.is_local and isinstance(limit, Bucket):
        # While one server counts in memory and another in the store, tokens
        # come back in both.
        return limit.burst + limit.amount / limit.per * seen.torn()
    return limit.amount


def check(seen, fault):
    """All that must hold of a Weather did."""
    assert not [call for call in seen.calls if call.error], \
        "service never stopped"
    # Who gives something back is told when the store does not take it.
    assert {call.untold for call in seen.calls} <= {"", "UNAVAILABLE"}
    assert len(seen.hit()) > PER_SECOND / 4
    assert max(wait for call in seen.hit() for wait in call.waits) < \
        CALL_WITHIN + DEADLINE

    for name, over in seen.over().items():
        assert over <= bound(seen, fault, name), name
    for name, over in seen.over_again().items():
        assert over <= 0, f"{name} is exact again"

    assert seen.since_before("answers") >= seen.outages(), "counted"
    if fault.is_outage:
        assert seen.since_before("episodes") >= 1 and seen.outages() >= 1


# --- what came of it --------------------------------------------------------

class Record:
    """All times that a fault passed."""

    def __init__(self, name):
        self.name = name
        self.times = self.calls = self.operations = 0
        self.outages = self.episodes = 0
        self.waits, self.lags, self.backs = [], [], []
        self.over = dict.fromkeys(LIMITS, 0)

    def add(self, seen):
        self.times += 1
        self.calls += len(seen.made())
        self.operations += seen.since_before("operations")
        self.outages += seen.outages()
        self.episodes += seen.since_before("episodes")
        self.waits += [wait for call in seen.hit() for wait in call.waits]
        self.lags += [call.lag for call in seen.hit()]
        self.backs.append(seen.back - seen.end)
        self.over = {name: max(over, seen_over) for (name, over), seen_over in
                     zip(self.over.items(), seen.over().values())}

    def figures(self):
        """Times in ms."""
        return {
            "fault": self.name, "times": self.times, "calls": self.calls,
            "operations": int(self.operations), "measured": len(self.waits),
            "waits": in_ms(self.waits), "lags": in_ms(self.lags),
            "outages": self.outages, "episodes": int(self.episodes),
            "over": {name: round(over) for name, over in self.over.items()},
            "back": 1000 * max(self.backs),
        }


SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1}


def in_ms(times):
    times = sorted(times)
    return {name: 1000 * times[min(int(len(times) * share), len(times) - 1)]
            for name, share in SHARES.items()}


def shown(times):
    return ", ".join(f"{name} {time:.1f}" for name, time in times.items())


def told(figures):
    over = ", ".join(f"{name} {value}"
                     for name, value in figures["over"].items())
    return (f"{figures['times']} times, {figures['calls']} calls, "
            f"{figures['operations']:.0f} operations of the store; "
            f"{figures['measured']} answers in ms: {shown(figures['waits'])}; "
            f"sent late by ms: {shown(figures['lags'])}; "
            f"{figures['outages']} by on_outage, "
            f"{figures['episodes']} episodes; over: {over}; "
            f"back after {figures['back']:.0f} ms")


def weather(site, fault, record_property):
    """The fault passes as often as it is to, and all that must hold did."""
    record = Record(fault.name)
    try:
        while record.times == 0 or record.calls < CALLS:
            if record.times > 0:
                fault.after()
            seen = Weather(site, fault)
            record.add(seen)
            check(seen, fault)
    finally:
        if record.times > 0:
            figures = record.figures()
            record_property("fault", json.dumps(figures))
            print(f"\n{fault.name}: {told(figures)}", end="")
    return seen
