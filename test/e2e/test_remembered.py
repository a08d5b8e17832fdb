"""Refusals that workers remember: they spare the store, and change nothing."""
import itertools
import time

import pytest

from configs import rate
from support import until

ANN = {"source.user": "ann"}
ONE = {"per-user": 1}


def remembered(server):
    return server.metric("sluice_remembered_refusals_total")


def clients(server):
    """Enough that all workers have some."""
    return [server.client() for _ in range(4)]


def passed(callers, times, ids=None):
    return sum(client.check(ANN, ONE, dedup=next(ids) if ids else "").passed
               for _ in range(times) for client in callers)


def test_a_flood_does_not_reach_the_store(sluice, store):
    server = sluice(rate(8), store=store)
    callers = clients(server)
    assert passed(callers, 3) == 8
    before = remembered(server)
    asked = server.metric("sluice_store_operations_total")
    assert passed(callers, 100) == 0
    assert remembered(server) - before > 300
    until(lambda: server.status()["quotas"]["per-user"]["refused"] == 404)
    # A worker asks again once a second.
    assert server.metric("sluice_store_operations_total") - asked < 100


def test_a_retry_is_granted_again(sluice, store):
    server = sluice(rate(8, more='dedup = "2s";'), store=store)
    callers = clients(server)
    ids = map(str, itertools.count())
    for index in range(8):
        assert callers[index % 4].check(ANN, ONE, dedup=f"a{index}").passed
    begin = time.monotonic()
    assert passed(callers, 5, ids) == 0
    again = [callers[(index + 1) % 4].check(ANN, ONE, dedup=f"a{index}").passed
             for index in range(8)]
    if time.monotonic() - begin < 1.5:
        assert all(again)
        assert remembered(server) == 0, "ids are the store's to know"

    def is_remembered():
        assert passed(callers, 1, ids) == 0
        return remembered(server) > 20
    until(is_remembered, 10, every=0.1, what="records are gone")


def test_what_is_given_back_can_be_had_at_once(sluice, store):
    server = sluice(rate(8), store=store)
    callers = clients(server)
    assert passed(callers, 10) == 8
    for giver, taker in itertools.permutations(callers, 2):
        assert not taker.check(ANN, ONE).passed
        assert giver.check(ANN, {"per-user": -1}).granted["per-user"] == 1
        assert taker.check(ANN, ONE).passed
    assert passed(callers, 10) == 0
    assert remembered(server) > 30


def test_a_raised_limit_holds_at_once(sluice, store):
    server = sluice(rate(8), store=store)
    callers = clients(server)
    assert passed(callers, 20) == 8
    assert remembered(server) > 0
    generation = server.generation()
    server.write(rate(12))
    server.wait_generation(generation + 1)
    assert passed(callers, 20) == 4


@pytest.mark.parametrize("on_outage", ["open", "local"])
def test_redis_forgets(sluice, redis, on_outage):
    server = sluice(rate(8, more=f'on_outage = "{on_outage}";'),
                    store=redis.store(deadline="100ms"))
    callers = clients(server)
    assert passed(callers, 20) == 8
    assert remembered(server) > 0
    redis.kill()
    until(lambda: server.status()["store"]["gate"]["open"], 5, what="gate open")
    assert passed(callers, 5) == (20 if on_outage == "open" else 8)
    redis.start()
    until(lambda: not server.status()["store"]["gate"]["open"], 5,
          what="gate shut")
    if on_outage == "local":
        until(lambda: server.metric("sluice_carried_over_total") == 1)
    assert passed(callers, 20) == (8 if on_outage == "open" else 0)


def test_another_replica_is_heard_of_within_a_second(sluice, redis):
    first = sluice(rate(8), store=redis.store(deadline="1s"))
    second = sluice(rate(8), store=redis.store(deadline="1s"))
    assert passed(clients(first), 20) == 8
    callers = clients(second)
    assert passed(callers, 20) == 0
    assert first.client().check(ANN, {"per-user": -4}).granted["per-user"] == 4
    until(lambda: passed(callers, 1), 5, every=0.05, what="granted")
    assert passed(callers, 5) <= 3, "four were given back"
