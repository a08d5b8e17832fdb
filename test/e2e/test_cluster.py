"""Redis Cluster: nodes that are lost, slots that move."""
import re
import subprocess
import threading

import pytest

from configs import in_flight
from support import Redis, free_port, until
from test_redis import is_up, logged_in, until_up, user_lines, SECRET

PER_USER = '''
  { name = "per-user";
    dimensions = { user = "request.auth.principal | 'nobody'"; };
    rate = { algorithm = "token_bucket"; amount = 2; per = "1h"; burst = 2; };
    on_outage = "closed"; },'''

SERVICES = [f"service-{n}" for n in range(60)]


class Node(Redis):
    """A master of a cluster, with the user of the docs."""

    def __init__(self, folder):
        self.bus = free_port()
        super().__init__(folder, "--cluster-enabled", "yes", "--cluster-port",
                         str(self.bus), "--cluster-node-timeout", "2000",
                         "--cluster-require-full-coverage", "no",
                         "--cluster-allow-replica-migration", "no")
        folder.mkdir()

    def text(self, *command):
        return subprocess.run(["redis-cli", "-p", str(self.port), *command],
                              capture_output=True, text=True, check=True,
                              timeout=60).stdout.strip()

    def is_content(self, count):
        info = self.text("CLUSTER", "INFO")
        return ("cluster_state:ok" in info and "cluster_slots_ok:16384" in info
                and f"cluster_known_nodes:{count}" in info)

    def errors(self, word):
        found = re.search(rf"errorstat_{word}:count=(\d+)",
                          self.text("INFO", "errorstats"))
        return int(found[1]) if found else 0


def give_user(node):
    for line in (user_lines()[0], user_lines()[2]):
        assert node.ask(line) == "+OK"


@pytest.fixture
def nodes(tmp_path):
    started = []
    try:
        for i in range(3):
            node = Node(tmp_path / f"node{i}")
            started.append(node)
            node.start()
            give_user(node)
            node.ask(f"CLUSTER SET-CONFIG-EPOCH {i + 1}")
            first, last = 16384 * i // 3, 16384 * (i + 1) // 3 - 1
            assert node.ask(f"CLUSTER ADDSLOTSRANGE {first} {last}") == "+OK"
        for node in started[1:]:
            started[0].ask(f"CLUSTER MEET 127.0.0.1 {node.port} {node.bus}")
        until(lambda: all(node.is_content(3) for node in started), 30,
              what="cluster")
        yield started
    finally:
        for node in started:
            node.stop()


def store_of(nodes, folder, deadline="200ms"):
    addresses = ", ".join(f'"127.0.0.1:{node.port}"' for node in nodes)
    return (f'kind = "redis"; cluster = true; deadline = "{deadline}"; '
            f'servers = [ {addresses} ];' + logged_in(folder))


def take(client, service):
    return client.check({"destination.service.host": service},
                        {"in-flight": 1})


def test_limits_hold_over_all_nodes_and_workers(sluice, nodes, tmp_path):
    server = sluice(in_flight(3, on_outage="closed"), workers=2,
                    store=store_of(nodes[:1], tmp_path / "s0", "2s"))
    until_up(server)
    banner = server.folder / "out"
    until(lambda: "(a cluster)" in banner.read_text(), what=banner.read_text)
    clients = [server.client() for _ in range(4)]
    for service in SERVICES[:20]:
        answers = [take(client, service) for client in clients + clients[:2]]
        assert sum(answer.passed for answer in answers) == 3
        leases = [answer.lease for answer in answers if answer.lease]
        assert clients[0].release(*leases) == 3
        assert take(clients[1], service).passed
    # The keys are spread: each node has some.
    assert all(int(node.text("DBSIZE")) > 0 for node in nodes)
    assert SECRET not in server.log()


def test_slots_move_while_calls_go_on(sluice, nodes, tmp_path):
    server = sluice(in_flight(2, on_outage="closed"),
                    store=store_of(nodes, tmp_path / "s0", "2s"))
    until_up(server)
    is_over = threading.Event()
    faults = []

    def call():
        client = server.client()
        while not is_over.is_set():
            for service in SERVICES:
                answers = [take(client, service) for _ in range(3)]
                passed = [answer.passed for answer in answers]
                if passed != [True, True, False]:
                    faults.append((service, passed))
                leases = [answer.lease for answer in answers if answer.lease]
                if client.release(*leases) != 2:
                    faults.append((service, "release"))

    caller = threading.Thread(target=call)
    caller.start()
    try:
        source, target = (node.text("CLUSTER", "MYID") for node in nodes[:2])
        moved = subprocess.run(
            ["redis-cli", "--cluster", "reshard", f"127.0.0.1:{nodes[0].port}",
             "--cluster-from", source, "--cluster-to", target,
             "--cluster-slots", "1500", "--cluster-yes"],
            capture_output=True, text=True, timeout=240, check=False)
        assert moved.returncode == 0, moved.stdout[-2000:] + moved.stderr
    finally:
        is_over.set()
        caller.join()
    assert not faults
    assert nodes[0].errors("MOVED") > 0
    assert is_up(server)


def test_a_node_is_lost_and_the_others_go_on(sluice, nodes, tmp_path):
    config = in_flight(2, on_outage="closed")
    server = sluice(config, store=store_of(nodes, tmp_path / "s0"))
    until_up(server)
    client = server.client()
    nodes[2].kill()
    until_up(server, False)
    answers = {service: take(client, service) for service in SERVICES}
    passed = [service for service in SERVICES if answers[service].passed]
    # Of the slots, two thirds are left.
    assert 20 <= len(passed) <= 55
    for service in passed:
        assert take(client, service).passed
        assert not take(client, service).passed
    nodes[2].start()
    give_user(nodes[2])
    until_up(server)
    for service in SERVICES:
        if service not in passed:
            assert take(client, service).passed


def test_a_check_of_two_nodes_is_all_or_nothing(sluice, nodes, tmp_path):
    config = in_flight(3, on_outage="closed").replace(
        "quotas = (", "quotas = (" + PER_USER, 1)
    server = sluice(config, store=store_of(nodes, tmp_path / "s0", "2s"))
    until_up(server)
    client = server.client()
    for service in SERVICES[:10]:
        attributes = {"destination.service.host": service,
                      "request.auth.principal": f"of {service}"}
        quotas = {"in-flight": 1, "per-user": 1}
        answers = [client.check(attributes, quotas) for _ in range(5)]
        assert [a.passed for a in answers] == [True] * 2 + [False] * 3
        # What was refused for the rate's sake has left no slot taken.
        assert take(client, service).passed
        assert not take(client, service).passed


@pytest.fixture
def replica(nodes, tmp_path):
    """Of the last master."""
    node = Node(tmp_path / "replica")
    try:
        node.start()
        give_user(node)
        nodes[0].ask(f"CLUSTER MEET 127.0.0.1 {node.port} {node.bus}")
        until(lambda: all(n.is_content(4) for n in [*nodes, node]), 30,
              what="four nodes")
        master = nodes[2].text("CLUSTER", "MYID")
        assert node.ask(f"CLUSTER REPLICATE {master}") == "+OK"
        until(lambda: "master_link_status:up" in node.text("INFO"), 30,
              what="replication")
        yield node
    finally:
        node.stop()


def test_a_replica_takes_over(sluice, nodes, replica, tmp_path):
    server = sluice(in_flight(2, on_outage="closed"),
                    store=store_of(nodes, tmp_path / "s0"))
    until_up(server)
    client = server.client()
    assert all(take(client, service).passed for service in SERVICES)
    # What is in use is there too.
    until(lambda: replica.text("DBSIZE") == nodes[2].text("DBSIZE"), 10)
    nodes[2].kill()
    until_up(server, False)
    until_up(server)
    assert "role:master" in replica.text("INFO", "replication")
    for service in SERVICES:
        assert take(client, service).passed
        assert not take(client, service).passed
    # The old one returns as a replica, and misleads nobody.
    nodes[2].start()
    give_user(nodes[2])
    until(lambda: "role:slave" in nodes[2].text("INFO", "replication"), 30,
          what="demoted")
    assert not any(take(client, service).passed for service in SERVICES)
    assert is_up(server)
