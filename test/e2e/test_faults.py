"""Redis fails in every way that we know, under a steady load.

Two servers share a Redis behind a proxy; clients ask both of them, 200 times a
second, for more than the limits. Each row of FAULTS begins, lasts and ends, and
then: every call was answered, nobody waited for Redis, what was admitted beyond
the limits stays within the bound of the row, limits hold again, and the outage
was counted and logged once.

What was measured is printed (pytest -s) and a property of each test's report.
FAULT_DEADLINE_MS: store.deadline, by default one that a busy machine keeps
most of the time.
"""
import dataclasses
import os
import shutil
import signal
import subprocess
import time

import pytest

from fault_proxy import FaultProxy
from ledger import Bucket, Rolling, Slots, Window, granted
from racers import Plan, Racers
from support import Redis, Sluice, until
from test_redis import is_master, logged_in, watched  # noqa: F401, a fixture

DEADLINE = int(os.environ.get("FAULT_DEADLINE_MS", 20)) / 1000
PER_SECOND = 200
LEASE = 2


def quotas(on_outage):
    algorithms = {
        "bucket": 'algorithm = "token_bucket"; amount = 20; per = "1s";',
        "window": 'algorithm = "fixed_window"; amount = 20; per = "1s";',
        "rolling": 'algorithm = "rolling_window"; amount = 20; per = "1s"; '
                   'bucket = "100ms";',
    }
    groups = [f'{{ name = "{name}"; on_outage = "{on_outage}"; '
              f'rate = {{ {algorithm} }}; }}'
              for name, algorithm in algorithms.items()]
    groups.append(f'{{ name = "slots"; on_outage = "{on_outage}"; '
                  f'concurrency = {{ max = 6; lease = "{LEASE}s"; }}; }}')
    return f"quotas = ( {', '.join(groups)} );"


LIMITS = {
    "bucket": Bucket(20, 1, 20),
    "window": Window(20, 1),
    "rolling": Rolling(20, 1, 0.1),
    "slots": Slots(6, LEASE),
}
# For how long a unit is held: slots are let go before their leases end.
HOLDS = {name: 0.2 if name == "slots" else 0 for name in LIMITS}
WINDOW = 1

# How long the longest may take on a machine that does much else meanwhile;
# what it takes is printed.
CALL_WITHIN = 1.5
BACK_WITHIN = 15


# --- who takes part ---------------------------------------------------------

@dataclasses.dataclass
class Counts:
    """What is to be seen of outages, of all servers together."""
    answers: int    # by on_outage, of the metrics
    open_gates: int
    episodes: int   # by /status
    begins: int     # by the log
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
                        clients=8, quotas=HOLDS, seconds=600,
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
    forgets: usage is lost, or not known meanwhile, so each limit may be granted
    once more."""
    name: str
    begin: object
    end: object = lambda: None
    seconds: float = 1
    forgets: bool = False
    is_outage: bool = True


class Weather:
    """A fault passes over a site."""

    def __init__(self, site, fault):
        self.fault = fault
        self.before = site.peace()
        self.begin = time.monotonic()
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

    @property
    def hit(self):
        """The calls until limits held again, but a second's at least."""
        until_then = max(self.back, self.begin + 1)
        return [call for call in self.calls
                if self.begin <= call.sent < until_then]

    @property
    def times(self):
        """Of those, and of what was given back, in order; seconds."""
        return sorted(
            [call.received - call.sent for call in self.hit] +
            [call.told - call.let_go for call in self.hit if call.told])

    @property
    def outages(self):
        """Answers by on_outage."""
        return sum(call.outage for call in self.calls
                   if call.sent >= self.begin)

    @property
    def episodes(self):
        return self.after.episodes - self.before.episodes

    def __str__(self):
        times = self.times
        late = ", ".join(
            f"p{share} {1e3 * times[int(len(times) * share / 100)]:.1f}"
            for share in (50, 99, 99.9))
        over = ", ".join(f"{name} {max(value, 0):.0f}"
                         for name, value in self.over().items())
        return (f"{len(times)} calls in ms: {late}, max {1e3 * times[-1]:.1f} "
                f"(sent late by {1e3 * max(c.lag for c in self.hit):.1f}); "
                f"{self.outages} by on_outage, {self.episodes} episodes; "
                f"over: {over}; back after "
                f"{1e3 * (self.back - self.end):.0f} ms")


def weather(site, fault, record_property):
    """The fault passes, and all that must hold did."""
    seen = Weather(site, fault)
    record_property("fault", str(seen))
    print(f"\n{fault.name}: {seen}")

    assert not [call for call in seen.calls if call.error], \
        "service never stopped"
    # Who gives something back is told when the store does not take it.
    assert {call.untold for call in seen.calls} <= {"", "UNAVAILABLE"}
    assert len(seen.hit) > PER_SECOND / 4
    assert seen.times[-1] < CALL_WITHIN + DEADLINE

    for name, over in seen.over().items():
        assert over <= (LIMITS[name].amount if fault.forgets else 0), name
    for name, over in seen.over_again().items():
        assert over <= 0, f"{name} is exact again"

    assert seen.after.answers - seen.before.answers >= seen.outages, "counted"
    if fault.is_outage:
        assert seen.episodes >= 1 and seen.outages >= 1
    return seen


# --- one Redis --------------------------------------------------------------

class Single:
    """A Redis that keeps what it answered, and the wire to it."""

    def __init__(self, folder):
        self.redis = Redis(folder, "--appendonly", "yes",
                           "--appendfsync", "always")
        self.redis.start()
        self.proxy = FaultProxy(("127.0.0.1", self.redis.port))
        self.store = (
            f'kind = "redis"; servers = [ "127.0.0.1:{self.proxy.port}" ]; '
            f'deadline = "{DEADLINE * 1000:.0f}ms";')

    def stop(self):
        self.proxy.stop()
        self.redis.stop()

    def restart_empty(self):
        shutil.rmtree(self.redis.folder / "appendonlydir")
        self.redis.start()

    def tell(self, command):
        answer = self.redis.ask(command)
        assert not answer.startswith("-"), f"{command}: {answer}"

    def signal(self, number):
        self.redis.process.send_signal(number)


# Each makes a Fault of a Single.
FAULTS = {
    "delayed by 200 ms": lambda it: dict(
        begin=lambda: it.proxy.delay(0.2), end=it.proxy.heal),
    "swallowed": lambda it: dict(
        begin=it.proxy.swallow, end=it.proxy.heal),
    "requests stalled": lambda it: dict(
        begin=lambda: it.proxy.stall("requests"), end=it.proxy.heal),
    "replies stalled": lambda it: dict(
        begin=lambda: it.proxy.stall("replies"), end=it.proxy.heal),
    "cut": lambda it: dict(begin=it.proxy.cut, seconds=0),
    "refused": lambda it: dict(begin=it.proxy.refuse, end=it.proxy.heal),
    # At once, so that windows from before still run.
    "kill -9, data kept": lambda it: dict(
        begin=it.redis.kill, end=it.redis.start, seconds=0),
    "kill -9, data lost": lambda it: dict(
        begin=it.redis.kill, end=it.restart_empty, seconds=0, forgets=True),
    "frozen": lambda it: dict(
        begin=lambda: it.signal(signal.SIGSTOP),
        end=lambda: it.signal(signal.SIGCONT)),
    "FLUSHALL": lambda it: dict(
        begin=lambda: it.tell("FLUSHALL"), seconds=0, forgets=True,
        is_outage=False),
    "SCRIPT FLUSH": lambda it: dict(
        begin=lambda: it.tell("SCRIPT FLUSH"), seconds=0, is_outage=False),
    "CLIENT KILL": lambda it: dict(
        begin=lambda: it.tell("CLIENT KILL TYPE normal"), seconds=0),
    "memory full": lambda it: dict(
        begin=lambda: it.tell("CONFIG SET maxmemory 1"),
        end=lambda: it.tell("CONFIG SET maxmemory 0")),
}


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """(Single, its site), for all faults one after the other."""
    folder = tmp_path_factory.mktemp("faults")
    single = Single(folder)
    try:
        site = Site(folder, 2 * [single.store])
        try:
            yield single, site
        finally:
            site.stop()
    finally:
        single.stop()


@pytest.mark.parametrize("name", FAULTS)
def test_one_redis(single, name, record_property):
    it, site = single
    weather(site, Fault(name, **FAULTS[name](it)), record_property)


# --- counting on in memory ---------------------------------------------------

@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    single = Single(folder)
    try:
        store = single.store + " replicas = 2;"
        site = Site(folder, 2 * [store], on_outage="local")
        try:
            yield single, site
        finally:
            site.stop()
    finally:
        single.stop()


@pytest.mark.parametrize("name", ["replies stalled", "refused",
                                  "kill -9, data kept"])
def test_counting_on_in_memory(local, name, record_property):
    """No replica knows what Redis held: that may be granted once more."""
    it, site = local
    fault = Fault(f"local, {name}", **FAULTS[name](it), forgets=True)
    seen = weather(site, fault, record_property)
    served = {call.quota for call in seen.calls
              if call.outage and call.granted}
    assert served == set(LIMITS)


# --- sentinels --------------------------------------------------------------

def names(sentinel, redis):
    """Whether it calls that one the master."""
    answer = subprocess.run(
        ["redis-cli", "-p", str(sentinel.port), "SENTINEL",
         "GET-MASTER-ADDR-BY-NAME", "mymaster"],
        capture_output=True, text=True, timeout=10).stdout
    return answer.split() == ["127.0.0.1", str(redis.port)]


def test_the_master_is_lost(watched, tmp_path, record_property):  # noqa: F811
    master, replica, sentinels = watched
    servers = ", ".join(f'"127.0.0.1:{s.port}"' for s in sentinels)
    stores = [
        f'kind = "redis"; deadline = "{DEADLINE * 1000:.0f}ms"; '
        f'servers = [ {servers} ]; {logged_in(tmp_path / f"s{i}")} '
        'sentinel = { master = "mymaster"; user = "sluice"; '
        'password_file = "password"; };'
        for i in range(2)]
    site = Site(tmp_path, stores)
    try:
        # It may not know what the old one granted last.
        weather(site, Fault(
            "failover", begin=master.kill, forgets=True,
            end=lambda: until(
                lambda: is_master(replica) and
                any(names(sentinel, replica) for sentinel in sentinels),
                40, what="a replica takes over")), record_property)
    finally:
        site.stop()
