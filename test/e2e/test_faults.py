"""Redis fails in every way that we know, under a steady load.

Two servers share a Redis behind a proxy; clients ask both of them, 200 times a
second, for more than the limits. Each row of FAULTS begins, lasts and ends, and
then: every call was answered, nobody waited for Redis, what was admitted beyond
the limits stays within the bound of the row, limits hold again, and the outage
was counted and logged once.

What was measured is printed (pytest -s) and a property of each test's report.
FAULT_DEADLINE_MS: store.deadline, by default one that a busy machine keeps.
"""
import dataclasses
import os
import shutil
import signal
import time

import pytest

from fault_proxy import FaultProxy
from ledger import Bucket, Rolling, Slots, Window, granted
from racers import Plan, Racers
from support import Redis, Sluice, until

DEADLINE = int(os.environ.get("FAULT_DEADLINE_MS", 20)) / 1000
PER_SECOND = 200
LEASE = 2

QUOTAS = f'''
quotas = (
  {{ name = "bucket"; on_outage = "closed";
    rate = {{ algorithm = "token_bucket"; amount = 20; per = "1s"; }}; }},
  {{ name = "slots"; on_outage = "closed";
    concurrency = {{ max = 5; lease = "{LEASE}s"; }}; }}
);
'''
LIMITS = {
    "bucket": Bucket(20, 1, 20),
    "slots": Slots(5, LEASE),
}
# For how long a unit is held: slots are let go before their leases end.
HOLDS = {name: 0.2 if name == "slots" else 0 for name in LIMITS}

# How long the longest may take on a machine that does much else meanwhile;
# what it takes is printed.
CALL_WITHIN = 1.5
BACK_WITHIN = 10


class Site:
    """All that takes part."""

    def __init__(self, folder):
        self.redis = Redis(folder, "--appendonly", "yes",
                           "--appendfsync", "always")
        self.proxy, self.load, self.servers = None, None, []
        self.folder = folder

    def start(self):
        self.redis.start()
        self.proxy = FaultProxy(("127.0.0.1", self.redis.port))
        store = (f'kind = "redis"; servers = [ "127.0.0.1:{self.proxy.port}" ];'
                 f' deadline = "{DEADLINE * 1000:.0f}ms";')
        self.serve(store)

    def serve(self, store):
        for i in range(2):
            self.servers.append(Sluice(self.folder / f"s{i}", QUOTAS,
                                       store=store, workers=1))
        plan = Plan(addresses=[server.address for server in self.servers],
                    clients=8, quotas=HOLDS, seconds=600,
                    per_second=PER_SECOND)
        self.load = Racers(self.folder / "load", [plan])
        self.load.begin()
        # A window of every quota.
        time.sleep(1)

    def stop(self):
        if self.load:
            self.load.stop()
        for server in self.servers:
            server.kill()
        if self.proxy:
            self.proxy.stop()
        if self.redis.process:
            self.redis.stop()

    # --- what can be seen ---------------------------------------------------
    def peace(self):
        """What was counted until now, while no gate is open and every episode
        has the lines of its beginning and its end; else None."""
        counts = self.counts()
        is_open = any(server.status()["store"]["gate"]["open"]
                      for server in self.servers)
        is_told = counts.episodes == counts.begins == counts.ends
        return counts if is_told and not is_open else None

    def back_at(self, since):
        """When the last server was first heard to have asked the store for a
        call sent since then; None: not yet."""
        first = {}
        for call in self.load.calls(since):
            if not call.outage and not call.error:
                at = first.get(call.server, call.received)
                first[call.server] = min(at, call.received)
        return max(first.values()) if len(first) == len(self.servers) else None

    def grants(self, since):
        """Whether every quota was granted to a call sent since then."""
        calls = granted(self.load.calls(since))
        return {call.quota for call in calls} == set(LIMITS)

    def counts(self):
        """What is to be seen of outages, of all servers together."""
        return Counts(
            refused=sum(server.metric("sluice_quota_outage_closed_total")
                        for server in self.servers),
            episodes=sum(server.status()["store"]["gate"]["episodes"]
                         for server in self.servers),
            begins=sum(len(server.events("store_outage"))
                       for server in self.servers),
            ends=sum(len(server.events("store_back"))
                     for server in self.servers))


@dataclasses.dataclass
class Counts:
    refused: int    # calls, by the metric
    episodes: int   # by /status
    begins: int     # by the log
    ends: int


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("faults"))
    try:
        site.start()
        yield site
    finally:
        site.stop()


# --- the faults -------------------------------------------------------------

@dataclasses.dataclass
class Fault:
    """begin(site), and end(site) after `seconds`.
    forgets: usage is lost, so each limit may be granted once more."""
    name: str
    begin: object
    end: object = lambda site: None
    seconds: float = 1
    forgets: bool = False
    is_outage: bool = True


def heal(site):
    site.proxy.heal()


def kill(site):
    site.redis.kill()


def restart(site):
    site.redis.start()


def restart_empty(site):
    shutil.rmtree(site.redis.folder / "appendonlydir")
    site.redis.start()


def tell(*commands):
    def run(site):
        for command in commands:
            assert not site.redis.ask(command).startswith("-"), command
    return run


def send(number):
    return lambda site: site.redis.process.send_signal(number)


FAULTS = [
    Fault("delayed by 200 ms", lambda site: site.proxy.delay(0.2), heal),
    Fault("swallowed", lambda site: site.proxy.swallow(), heal),
    Fault("requests stalled", lambda site: site.proxy.stall("requests"), heal),
    Fault("replies stalled", lambda site: site.proxy.stall("replies"), heal),
    Fault("cut", lambda site: site.proxy.cut(), seconds=0),
    Fault("refused", lambda site: site.proxy.refuse(), heal),
    Fault("kill -9, data kept", kill, restart),
    Fault("kill -9, data lost", kill, restart_empty, forgets=True),
    Fault("frozen", send(signal.SIGSTOP), send(signal.SIGCONT)),
    Fault("FLUSHALL", tell("FLUSHALL"), seconds=0, forgets=True,
          is_outage=False),
    Fault("SCRIPT FLUSH", tell("SCRIPT FLUSH"), seconds=0, is_outage=False),
    Fault("CLIENT KILL", tell("CLIENT KILL TYPE normal"), seconds=0),
    Fault("memory full", tell("CONFIG SET maxmemory 1"),
          tell("CONFIG SET maxmemory 0")),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault(site, fault, record_property):
    weather(site, fault, record_property)


def weather(site, fault, record_property):
    before = until(site.peace, BACK_WITHIN, what=site.counts)

    begin = time.monotonic()
    fault.begin(site)
    time.sleep(fault.seconds)
    fault.end(site)
    end = time.monotonic()

    back = until(lambda: site.back_at(end), BACK_WITHIN, what="limits are back")
    # What was taken for callers who could not be told ends with its lease.
    until(lambda: site.grants(back), BACK_WITHIN, what="units are free")
    # A window of every quota, and peace for the next row.
    time.sleep(max(back + 1.1 - time.monotonic(), 0))
    calls = site.load.calls(begin - 1)
    after = until(site.peace, BACK_WITHIN, what=site.counts)
    # Until limits hold again, but for as many calls as tell anything.
    hit = [call for call in calls if call.sent >= begin and
           call.sent < max(back, begin + 1)]

    times = sorted([call.received - call.sent for call in hit] +
                   [call.told - call.let_go for call in hit if call.told])
    late = [times[int(len(times) * share)] for share in (0.5, 0.99, 0.999)]
    over = {name: max(0, limit.over([c for c in calls if c.quota == name]))
            for name, limit in LIMITS.items()}
    outages = sum(call.outage for call in calls if call.sent >= begin)
    episodes = after.episodes - before.episodes
    result = (f"{len(times)} calls, ms " +
              " ".join(f"p{p} {value * 1e3:.1f}," for p, value in
                       zip((50, 99, 99.9), late)) +
              f" max {times[-1] * 1e3:.1f}; {outages} by on_outage; over " +
              " ".join(f"{name} {over[name]:.0f}" for name in over) +
              f"; back after {(back - end) * 1e3:.0f} ms; "
              f"{episodes} episodes")
    record_property("fault", result)
    print(f"\n{fault.name}: {result}")

    assert not [call for call in calls if call.error], "service never stopped"
    # Who gives something back is told when the store does not take it.
    assert {call.untold for call in calls} <= {"", "UNAVAILABLE"}
    assert len(hit) > PER_SECOND / 4
    assert times[-1] < CALL_WITHIN + DEADLINE
    for name, limit in LIMITS.items():
        mine = [call for call in calls if call.quota == name]
        assert over[name] <= (limit.amount if fault.forgets else 0), name
        assert limit.over([c for c in mine if c.sent > back]) <= 0, name
    assert after.refused - before.refused >= outages, "counted"
    if fault.is_outage:
        assert episodes >= 1 and outages >= 1
