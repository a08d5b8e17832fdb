"""Redis fails in every way that we know, under a steady load.

Two servers share a Redis behind a proxy; clients ask both of them for more than
the limits. Each row of FAULTS begins, lasts and ends, and then: every call was
answered, nobody waited for Redis, what was admitted beyond the limits stays
within the bound of the row, limits hold again, and the outage was counted and
logged once.

What was measured is printed (pytest -s) and a property of each test's report;
bench/run-faults makes a table of it. How much load: weather.py.
"""
import re
import shutil
import signal
import subprocess

import pytest

from fault_proxy import FaultProxy
from support import Redis, until
from test_cluster import give_user, nodes, store_of  # noqa: F401, a fixture
from test_redis import (is_master, logged_in, watched,  # noqa: F401, a fixture
                        with_user)
from weather import DEADLINE, LIMITS, Fault, Site, quotas, weather

DEADLINE_TEXT = f"{DEADLINE * 1000:.0f}ms"


# --- one Redis --------------------------------------------------------------

class Single:
    """A Redis that keeps what it answered, and the wire to it."""

    def __init__(self, folder):
        # Written before each answer, and what is written outlives a process;
        # fsync would be for the end of the machine, and takes its time.
        self.redis = Redis(folder, "--appendonly", "yes",
                           "--appendfsync", "no")
        self.redis.start()
        self.proxy = FaultProxy(("127.0.0.1", self.redis.port))
        self.store = (
            f'kind = "redis"; servers = [ "127.0.0.1:{self.proxy.port}" ]; '
            f'deadline = "{DEADLINE_TEXT}";')

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
    "calm": lambda it: dict(is_outage=False),
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


RULES = 10_000


def test_many_rules_are_swapped_in(single, record_property):
    """And out again. No fault of Redis', but a worker that compiles them has
    its calls to answer as ever."""
    _, site = single
    plain = quotas(site.on_outage)
    rules = ",\n".join(
        f'{{ name = "rule-{i}"; match = "request.path | \'\' == \'/{i}\'"; '
        'deny = { }; }' for i in range(RULES))
    weather(site, Fault(
        f"{RULES:,} rules swapped in", is_outage=False,
        begin=lambda: site.reload(f"{plain}\nrules = (\n{rules}\n);\n"),
        end=lambda: site.reload(plain)), record_property)


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
    # Long enough for each quota to be asked for, a part of a window at least.
    fault.seconds = max(fault.seconds, 0.3)
    seen = weather(site, fault, record_property)
    served = {call.quota for call in seen.calls
              if call.outage and call.granted}
    assert served == set(LIMITS)


# --- sentinels --------------------------------------------------------------

class Pair:
    """A master and its replica, which change places when the master is lost."""

    def __init__(self, master, replica, sentinels):
        self.master, self.replica = master, replica
        self.sentinels = sentinels

    def ask(self, sentinel, *words):
        return subprocess.run(
            ["redis-cli", "-p", str(sentinel.port), "SENTINEL", *words,
             "mymaster"], capture_output=True, text=True, timeout=10).stdout

    def has_changed(self):
        name = ["127.0.0.1", str(self.replica.port)]
        return is_master(self.replica) and any(
            self.ask(sentinel, "GET-MASTER-ADDR-BY-NAME").split() == name
            for sentinel in self.sentinels)

    def change(self):
        until(self.has_changed, 40, what="a replica takes over")
        self.master, self.replica = self.replica, self.master

    def mend(self):
        """The one that was lost is the replica."""
        self.replica.start()
        with_user(self.replica)
        answer = self.replica.ask(f"REPLICAOF 127.0.0.1 {self.master.port}")
        assert answer.startswith("+OK")

        def is_known(sentinel):
            told = self.ask(sentinel, "REPLICAS")
            return "\nmaster-link-status\nok\n" in told and \
                "\nflags\nslave\n" in told
        until(lambda: all(map(is_known, self.sentinels)), 40,
              what="the sentinels know of the replica")


def test_the_master_is_lost(watched, tmp_path, record_property):  # noqa: F811
    it = Pair(*watched)
    servers = ", ".join(f'"127.0.0.1:{s.port}"' for s in it.sentinels)
    stores = [
        f'kind = "redis"; deadline = "{DEADLINE_TEXT}"; '
        f'servers = [ {servers} ]; {logged_in(tmp_path / f"s{i}")} '
        'sentinel = { master = "mymaster"; user = "sluice"; '
        'password_file = "password"; };'
        for i in range(2)]
    site = Site(tmp_path, stores)
    try:
        # It may not know what the old one granted last.
        weather(site, Fault(
            "failover", begin=lambda: it.master.kill(), end=it.change,
            after=it.mend, forgets=True), record_property)
    finally:
        site.stop()


# --- a cluster --------------------------------------------------------------

def quotas_of(node):
    """Those that it keeps, if they are in use."""
    keys = node.text("KEYS", "sluice{*").split()
    return {re.match(r"sluice\{(\w+):", key)[1] for key in keys}


def test_a_node_is_lost(nodes, tmp_path, record_property):  # noqa: F811
    stores = [store_of(nodes, tmp_path / f"s{i}", DEADLINE_TEXT)
              for i in range(2)]
    site = Site(tmp_path, stores)
    try:
        # Slots tell when it is back.
        [lost] = [node for node in nodes if "slots" in quotas_of(node)]
        of_others = set().union(*(quotas_of(node) for node in nodes
                                  if node is not lost))

        def restart():
            lost.start()
            give_user(lost)
            until(lambda: lost.is_content(len(nodes)), 20, what="a cluster")

        seen = weather(site, Fault(
            "a node of 3 lost", begin=lost.kill, end=restart, forgets=True),
            record_property)
        assert of_others
        calls = [call for call in seen.made() if call.quota in of_others]
        # A busy machine does not keep each deadline.
        assert sum(call.outage for call in calls) < len(calls) / 10, \
            "they go on"
    finally:
        site.stop()
