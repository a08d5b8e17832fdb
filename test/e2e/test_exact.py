"""Limits hold exactly under concurrency, within and across servers."""
import concurrent.futures
import time

import pytest

from configs import in_flight, rate, window
from ledger import Bucket, Rolling, Slots, Window, granted, refusals
from racers import Plan, Racers
from support import Redis, Sluice

RATINGS = {"destination.service.host": "ratings"}


def race(clients, calls_each, attributes, quotas):
    """All clients at once; how many calls passed, and their leases."""
    def one(client):
        calls = [client.start(client.request(attributes, quotas))
                 for _ in range(calls_each)]
        passed, leases = 0, []
        for call in calls:
            granted = all(q.granted_amount
                          for q in call.result().quotas.values())
            passed += granted
            leases += [value for key, value in call.trailing_metadata()
                       if key == "sluice-lease"]
        return passed, leases

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        results = list(pool.map(one, clients))
    return (sum(passed for passed, _ in results),
            [lease for _, leases in results for lease in leases])


def test_racing_clients_get_exactly_the_limit(sluice, store):
    server = sluice(in_flight(100), store=store)
    clients = [server.client() for _ in range(8)]
    passed, leases = race(clients, 100, RATINGS, {"in-flight": 1})
    assert passed == 100
    assert len(set(leases)) == 100
    assert clients[0].release(*leases[:50]) == 50
    passed, _ = race(clients, 100, RATINGS, {"in-flight": 1})
    assert passed == 50


def test_racing_clients_share_a_rate(sluice, store):
    server = sluice(rate(137), store=store)
    clients = [server.client() for _ in range(8)]
    passed, _ = race(clients, 50, {}, {"per-user": 1})
    assert passed == 137


@pytest.mark.parametrize("algorithm", ["fixed_window", "rolling_window"])
def test_racing_clients_share_a_window(sluice, store, algorithm):
    server = sluice(window(algorithm, 137), store=store)
    clients = [server.client() for _ in range(8)]
    passed, _ = race(clients, 50, {}, {"per-user": 1})
    assert passed == 137


def test_two_servers_share_slots_and_rates(sluice, redis):
    config = '''
    quotas = (
      { name = "in-flight"; concurrency = { max = 100; lease = "60s"; }; },
      { name = "per-user"; rate = { algorithm = "token_bucket"; amount = 60;
                                    per = "1h"; burst = 60; }; }
    );
    '''
    servers = [sluice(config, store=redis.store(deadline="1s")) for _ in range(2)]
    clients = [server.client() for server in servers for _ in range(4)]
    passed, leases = race(clients, 50, {}, {"in-flight": 1})
    assert passed == 100
    passed, _ = race(clients, 20, {}, {"per-user": 1})
    assert passed == 60
    first, second = servers[0].client(), servers[1].client()
    assert not second.check({}, {"in-flight": 1}).passed
    assert second.release(*leases[:64]) == 64, "any replica releases"
    assert first.release(*leases[64:]) == 36
    assert first.check({}, {"in-flight": 1}).passed


# --- 64 clients, four processes ---------------------------------------------

FOUR_KINDS = '''
quotas = (
  { name = "bucket"; on_outage = "closed";
    rate = { algorithm = "token_bucket"; amount = 100; per = "1s"; burst = 50; }; },
  { name = "window"; on_outage = "closed";
    rate = { algorithm = "fixed_window"; amount = 100; per = "1s"; }; },
  { name = "aligned"; on_outage = "closed";
    rate = { algorithm = "fixed_window"; amount = 100; per = "1s"; align = true; }; },
  { name = "rolling"; on_outage = "closed";
    rate = { algorithm = "rolling_window"; amount = 100; per = "1s";
             bucket = "100ms"; }; },
  { name = "slots"; on_outage = "closed";
    concurrency = { max = 20; lease = "60s"; }; }
);
'''
LIMITS = {
    "bucket": Bucket(100, 1, 50),
    "window": Window(100, 1),
    "aligned": Window(100, 1, wall=time.time() - time.monotonic()),
    "rolling": Rolling(100, 1, 0.1),
    "slots": Slots(20, 60),
}
HOLD = 0.05
# A machine that is busy is no outage.
PATIENT = {"deadline": "5s"}


@pytest.fixture(scope="module", params=["memory", "redis"])
def four(request, tmp_path_factory):
    """Addresses of four processes that share a store: workers of one server,
    or servers."""
    folder = tmp_path_factory.mktemp("four")
    redis = Redis(folder)
    servers = []
    try:
        if request.param == "memory":
            servers.append(Sluice(folder / "s", FOUR_KINDS, workers=4))
        else:
            redis.start()
            for i in range(4):
                servers.append(Sluice(folder / f"s{i}", FOUR_KINDS, workers=1,
                                      store=redis.store(**PATIENT)))
        yield [server.address for server in servers]
    finally:
        for server in servers:
            server.kill()
        if redis.process:
            redis.stop()


@pytest.mark.parametrize("quota", LIMITS)
def test_64_racing_clients(four, quota, tmp_path, record_property):
    limit = LIMITS[quota]
    hold = HOLD if quota == "slots" else 0
    plan = Plan(addresses=four, clients=32, quotas={quota: hold}, seconds=2.2)
    racers = Racers(tmp_path, [plan, plan])
    try:
        racers.begin()
        calls = racers.finish()
    finally:
        racers.stop()

    assert not [call for call in calls if call.error]
    assert len(refusals(calls)) > 64, "everybody wanted more"
    over, used = limit.over(calls), limit.used(calls)
    outages = sum(call.outage for call in calls)
    result = (f"{len(calls)} calls, {len(granted(calls))} granted, "
              f"{outages} outages, over by {max(over, 0):.0f}, "
              f"{min(used, 1):.1%} of the limit used")
    record_property("exactness", result)
    print(f"\n{quota:8} {result}")
    assert over <= 0
    assert used >= 0.99
