"""What is seen from outside."""
import http.client
import json
import re

from configs import DENY_BLUE, IN_FLIGHT

RATINGS = {"destination.service.host": "ratings"}


def test_pages(sluice):
    server = sluice(DENY_BLUE)
    assert server.get("/healthz")[0] == 200
    assert server.get("/readyz")[0] == 200
    assert server.get("/")[0] == 200
    assert server.get("/nothing")[0] == 404
    status = server.status()
    assert status["config"]["generation"] == 1
    assert len(status["workers"]) == 2
    assert status["store"]["kind"] == "memory"


def test_the_admin_port_only_reads(sluice):
    server = sluice(DENY_BLUE)
    for method in ("POST", "PUT", "DELETE"):
        connection = http.client.HTTPConnection("127.0.0.1", server.admin_port,
                                                timeout=5)
        connection.request(method, "/status", body=b"x")
        assert connection.getresponse().status == 405
        connection.close()


def test_metrics_are_well_formed_and_count(sluice):
    server = sluice(IN_FLIGHT + DENY_BLUE)
    client = server.client()
    for _ in range(3):
        client.check(RATINGS, {"in-flight": 1})
    client.check({"request.headers": {"x-version": "blue"}})
    text = server.get("/metrics")[1]
    line = re.compile(r'(# (HELP|TYPE) \w+ .+|[a-z_0-9]+(\{(\w+="[^"]*",?)+\})?'
                      r' [-+0-9.e]+(Inf)?)$')
    bad = [row for row in text.splitlines() if not line.match(row)]
    assert not bad
    typed = set(re.findall(r"# TYPE (\w+) ", text))
    series = {re.sub(r"_(bucket|sum|count)$", "", name) if
              re.sub(r"_(bucket|sum|count)$", "", name) in typed else name
              for name in re.findall(r"^(\w+)[{ ]", text, re.M)}
    assert series <= typed, series - typed
    assert server.metric("sluice_checks_total", verdict="allowed",
                         door="mixer") == 3
    assert server.metric("sluice_checks_total", verdict="denied") == 1
    assert server.metric("sluice_quota_granted_total", quota="in-flight") == 3
    assert server.metric("sluice_rule_denied_total", rule="no-blue") == 1
    assert server.metric("sluice_check_duration_seconds_count") == 4
    assert server.metric("sluice_check_duration_seconds_bucket",
                         le="+Inf") == 4
    assert server.metric("sluice_workers") == 2


def test_counters_survive_a_worker(sluice):
    import os
    import signal
    from support import until
    server = sluice(DENY_BLUE)
    client = server.client()
    for _ in range(5):
        client.check({})
    pids = server.worker_pids()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not set(pids) & set(server.worker_pids()) and
          server.is_ready(), 5)
    assert server.metric("sluice_checks_total", verdict="allowed") == 5


def test_status_is_json(sluice):
    reply = sluice(DENY_BLUE).get("/status")[1]
    assert json.loads(reply)["version"]
