"""Limits hold exactly under concurrency, within and across servers."""
import concurrent.futures

import pytest

from configs import in_flight, rate, window

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
