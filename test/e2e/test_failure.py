"""What fails, and what callers then see."""
import concurrent.futures
import os
import random
import re
import signal
import socket
import threading
import time

import grpc
import pytest

from configs import DENY_BLUE, IN_FLIGHT, in_flight, rate
from support import run, until

RATINGS = {"destination.service.host": "ratings"}


def slowest(client, times, quotas):
    """The slowest of some calls, in seconds, and how many passed."""
    worst, passed = 0, 0
    for _ in range(times):
        begin = time.monotonic()
        passed += client.check(RATINGS, quotas).passed
        worst = max(worst, time.monotonic() - begin)
    return worst, passed


@pytest.mark.parametrize("on_outage, passes", [("open", True),
                                               ("closed", False)])
def test_redis_dies_and_comes_back(sluice, redis, on_outage, passes):
    server = sluice(in_flight(5, on_outage=on_outage),
                    store=redis.store(deadline="20ms"))
    client = server.client()
    assert slowest(client, 7, {"in-flight": 1})[1] == 5

    redis.kill()
    worst, passed = slowest(client, 200, {"in-flight": 1})
    assert passed == (200 if passes else 0)
    assert worst < 1, "no call waits for a dead Redis"
    server.wait_event("store_outage")
    assert len(server.events("store_outage")) == 1, server.log()
    assert server.get("/readyz")[0] == 200
    assert server.status()["store"]["gate"]["open"]
    answered = "outage_open" if passes else "outage_closed"
    assert server.metric(f"sluice_quota_{answered}_total",
                         quota="in-flight") == 200

    redis.start()
    until(lambda: not server.status()["store"]["gate"]["open"], 1.5,
          what="limits hold again within a second")
    assert slowest(client, 7, {"in-flight": 1})[1] == 5
    until(lambda: len(server.events("store_back")) == 1, what=server.log)


MARKS = {"open": "passed unchecked", "local": "was counted here only"}


@pytest.mark.parametrize("on_outage", ["open", "local"])
@pytest.mark.parametrize("by_rule", [True, False])
def test_an_open_gate_is_seen_to_be_open(sluice, redis, on_outage, by_rule):
    rule = 'rules = ( { name = "limit"; quota = "in-flight"; } );'
    server = sluice(in_flight(100, on_outage=on_outage) + rule * by_rule,
                    store=redis.store(deadline="20ms"))
    client = server.client()
    quotas = None if by_rule else {"in-flight": 1}

    def check():
        answer = client.check(RATINGS, quotas)
        if by_rule:
            return answer.code, answer.message
        status = answer.response.quotas["in-flight"].status
        return status.code, status.message

    def counted(name):
        return server.status()["quotas"]["in-flight"][name]

    assert check() == (0, "")
    redis.kill()
    calls = [check() for _ in range(20)]
    assert all(code == 0 and MARKS[on_outage] in message
               for code, message in calls), calls
    name = "outage_open" if on_outage == "open" else "outage_local_granted"
    assert counted(name) == 20
    assert server.metric(f"sluice_quota_{name}_total", quota="in-flight") == 20
    gate = server.status()["store"]["gate"]
    assert gate["open"] and gate["answers"] == 20 and gate["episodes"] == 1
    assert "DOWN since" in run("status", "-s", f"127.0.0.1:{server.admin_port}").stdout

    redis.start()
    until(lambda: not server.status()["store"]["gate"]["open"], 5,
          what="gate shut")
    until(lambda: check() == (0, ""), 5, what="no mark any more")
    server.wait_event("store_back")
    assert len(server.events("store_outage")) == 1, server.log()
    back = server.events("store_back")
    assert len(back) == 1 and re.search(r"after_ms=\d+ answers=20", back[0])
    assert server.status()["store"]["gate"]["last_ms"] > 0
    assert counted(name) == 20


def test_local_counts_on_and_tells_redis(sluice, redis):
    """Two workers, one of three replicas: its share is a third."""
    server = sluice(in_flight(30, on_outage="local"),
                    store=redis.store(deadline="20ms") + " replicas = 3;"
                    ' local_size = "1MiB";', workers=2)
    clients = [server.client() for _ in range(4)]
    before = clients[0].check(RATINGS, {"in-flight": 1}, dedup="before")
    redis.kill()
    held = []
    for i in range(40):
        answer = clients[i % 4].check(RATINGS, {"in-flight": 1},
                                      dedup=f"call-{i}")
        if answer.passed:
            held.append(answer.lease)
        else:
            status = answer.response.quotas["in-flight"].status
            assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
            assert "is exhausted here" in status.message
    assert len(held) == 10
    counters = server.status()["quotas"]["in-flight"]
    assert counters["outage_local_granted"] == 10
    assert counters["outage_local_refused"] == 30
    assert counters["outage_open"] == 0

    # Released by any worker, while Redis is away.
    assert clients[3].release(held.pop()) == 1
    # Of a lease that only Redis knows, nobody can say so.
    with pytest.raises(grpc.RpcError) as error:
        clients[0].release(before.lease)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE

    redis.start()
    until(lambda: not server.status()["store"]["gate"]["open"], 5,
          what="gate shut")
    until(lambda: server.metric("sluice_carried_over_total") == 10, 5,
          what="all carried over")
    assert server.status()["store"]["journal"]["entries"] == 0
    assert server.status()["store"]["journal"]["lost"] == 0
    # Redis has forgotten the one from before: 9 of 30 are held.
    assert slowest(clients[0], 25, {"in-flight": 1})[1] == 21
    assert [clients[i % 4].release(lease)
            for i, lease in enumerate(held)] == [1] * 9
    assert slowest(clients[1], 12, {"in-flight": 1})[1] == 9


def test_local_tells_redis_of_rates(sluice, redis):
    server = sluice(rate(100, more='on_outage = "local";'),
                    store=redis.store(deadline="20ms") + " replicas = 2;")
    client = server.client()
    user = {"source.user": "ann"}
    assert client.check(user, {"per-user": 1}).passed
    redis.kill()
    passed = sum(client.check(user, {"per-user": 1}).passed
                 for _ in range(60))
    assert passed == 50
    redis.start()
    until(lambda: not server.status()["store"]["gate"]["open"], 5,
          what="gate shut")
    until(lambda: server.metric("sluice_carried_over_total") == 1, 5,
          what="all carried over")
    answer = client.check(user, {"per-user": 60}, best_effort=True)
    assert answer.granted["per-user"] == 50, "the rest of 100"
    # The share of this window is used up, however often Redis goes.
    redis.kill()
    assert not client.check(user, {"per-user": 1}).passed


def test_redis_freezes(sluice, redis):
    server = sluice(in_flight(5), store=redis.store(deadline="20ms"))
    client = server.client()
    assert client.check(RATINGS, {"in-flight": 1}).passed
    redis.process.send_signal(signal.SIGSTOP)
    worst, passed = slowest(client, 100, {"in-flight": 1})
    assert passed == 100
    assert worst < 1
    redis.process.send_signal(signal.SIGCONT)
    until(lambda: not server.status()["store"]["gate"]["open"], 3,
          what="gate shut")


def test_redis_is_away_at_the_start(sluice, redis):
    redis.kill()
    server = sluice(in_flight(5), store=redis.store())
    client = server.client()
    assert slowest(client, 10, {"in-flight": 1})[1] == 10
    redis.start()
    until(lambda: not server.status()["store"]["gate"]["open"], 2,
          what="gate shut")
    assert slowest(client, 10, {"in-flight": 1})[1] == 5


def test_redis_is_flushed(sluice, redis):
    server = sluice(in_flight(5), store=redis.store())
    client = server.client()
    assert slowest(client, 7, {"in-flight": 1})[1] == 5
    with socket.create_connection(("127.0.0.1", redis.port)) as s:
        s.sendall(b"FLUSHALL\r\nSCRIPT FLUSH\r\n")
        s.recv(64)
    assert slowest(client, 7, {"in-flight": 1})[1] == 5


def test_a_worker_dies(sluice, store):
    server = sluice(in_flight(5), store=store)
    client = server.client()
    assert slowest(client, 5, {"in-flight": 1})[1] == 5
    victims = server.worker_pids()
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in server.worker_pids() and
              all(w["state"] == "serving" for w in server.status()["workers"]),
              3, what=lambda: str(server.status()["workers"]))
    again = server.client()
    assert slowest(again, 3, {"in-flight": 1})[1] == 0, "quotas are kept"
    assert server.metric("sluice_worker_restarts_total") == len(victims)


def test_workers_die_at_random_under_load(sluice):
    """For a minute. Nobody hangs, nothing is admitted beyond the limit."""
    server = sluice(in_flight(10, lease="10m"), workers=2)
    stopping = threading.Event()
    outcomes, held, lock = {}, [], threading.Lock()

    def load():
        client = server.client()
        while not stopping.is_set():
            try:
                answer = client.check(RATINGS, {"in-flight": 1}, timeout=5)
            except grpc.RpcError as error:
                with lock:
                    code = error.code()
                    outcomes[code] = outcomes.get(code, 0) + 1
                continue
            with lock:
                outcomes["answered"] = outcomes.get("answered", 0) + 1
                if answer.lease:
                    held.append(answer.lease)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(load) for _ in range(4)]
        end = time.monotonic() + float(os.environ.get("CHAOS_SECONDS", 60))
        while time.monotonic() < end:
            pids = server.worker_pids()
            if pids:
                try:
                    os.kill(random.choice(pids), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.7)
        stopping.set()
        for task in tasks:
            task.result()
    assert outcomes.pop("answered") > 1000
    assert set(outcomes) <= {grpc.StatusCode.UNAVAILABLE}, outcomes
    assert len(held) <= 10
    until(lambda: all(w["state"] == "serving"
                      for w in server.status()["workers"]), 5)
    client = server.client()
    client.release(*held)
    # Slots taken by calls that died with their worker come back by expiry
    # only; none is admitted twice.
    assert slowest(client, 12, {"in-flight": 1})[1] <= 10


def test_everything_dies_and_callers_know_at_once(sluice):
    server = sluice(DENY_BLUE)
    client = server.client()
    assert client.check({}).code == 0
    workers = server.worker_pids()
    server.process.kill()
    server.process.wait()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers),
          10, what="workers follow their master")
    begin = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        client.check({})
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert time.monotonic() - begin < 2
    result = server.check()
    assert result.returncode == 2
    assert result.stderr


def test_a_second_server_on_the_same_port_is_refused(sluice):
    server = sluice(DENY_BLUE)
    second = run("serve", "-c", str(server.file), timeout=10)
    assert second.returncode == 2
    assert server.address in second.stderr
    assert "in use" in second.stderr
    assert server.client().check({}).code == 0


def test_ten_thousand_calls_at_once(sluice, store):
    server = sluice(in_flight(50), store=store)
    clients = [server.client() for _ in range(10)]
    calls = [client.start(client.request(RATINGS, {"in-flight": 1}), 30)
             for _ in range(1000) for client in clients]
    passed, unavailable = 0, 0
    for call in calls:
        try:
            result = call.result()
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
            unavailable += 1
        else:
            passed += result.quotas["in-flight"].granted_amount
    assert passed <= 50 or server.metric("sluice_quota_outage_open_total") > 0
    assert unavailable < len(calls)
    assert server.client().check({}).code == 0


def test_a_client_disappears(sluice, store):
    server = sluice(in_flight(5), store=store)
    for _ in range(20):
        client = server.client()
        for _ in range(50):
            client.start(client.request(RATINGS))
        client.close()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + 64 * b"\x00\xff")
    assert server.client().check(RATINGS, {"in-flight": 1}).passed
    assert not server.events("worker_exited"), server.log()


def test_term_drains(sluice):
    server = sluice(IN_FLIGHT)
    client = server.client()
    assert client.check(RATINGS, {"in-flight": 1}).passed
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(3) == 0, "an idle connection delays nothing"
    assert len(server.events("worker_exited")) == 2, server.log()
    assert all("level=info" in line for line in server.events("worker_exited"))


def test_health_follows_the_drain(sluice):
    from support import Health
    server = sluice(DENY_BLUE)
    health = Health(server.client().channel)
    assert health.check("") == "SERVING"
    assert health.check("istio.mixer.v1.Mixer") == "SERVING"
    with pytest.raises(grpc.RpcError) as error:
        health.check("nobody")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    watch = health.watch("")
    assert next(watch) == "SERVING"
    server.process.send_signal(signal.SIGTERM)
    assert next(watch) == "NOT_SERVING"
