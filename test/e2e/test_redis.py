"""Redis as it is run in earnest: users, sentinels, TLS."""
import re
import signal
import subprocess
import time

import pytest

from configs import in_flight
from support import ROOT, Redis, free_port, until

RATINGS = {"destination.service.host": "ratings"}
DOCS = (ROOT / "docs" / "operation.md").read_text()
SECRET = "hunter2-hunter2"


def user_lines():
    """What the docs give Redis, sentinels and nodes to make the user."""
    lines = re.findall(r"^ACL SETUSER sluice .*$", DOCS, re.M)
    assert len(lines) == 3
    return [line.replace("PASSWORD", SECRET) for line in lines]


def with_user(redis):
    assert redis.ask(user_lines()[0]) == "+OK"
    return redis


def logged_in(folder, secret=SECRET):
    """Settings of a store whose password file is in its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "password").write_text(secret + "\n")
    return ' user = "sluice"; password_file = "password";'


def is_up(server):
    return server.status()["store"]["up"]


def until_up(server, wanted=True):
    until(lambda: is_up(server) == wanted, 20,
          what=lambda: f"up: {wanted} in:\n{server.log()}")


def keeps(server, *secrets):
    """Nothing that people see shows a password."""
    seen = [server.log(), (server.folder / "out").read_text(),
            server.get("/status")[1], server.get("/metrics")[1]]
    for secret in secrets:
        assert not any(secret in text for text in seen)


def test_a_user_with_the_rights_of_the_docs(sluice, redis, tmp_path):
    with_user(redis)
    store = redis.store(deadline="1s") + logged_in(tmp_path / "s0")
    server = sluice(in_flight(5, on_outage="closed"), store=store)
    client = server.client()
    answers = [client.check(RATINGS, {"in-flight": 1}) for _ in range(7)]
    assert sum(answer.passed for answer in answers) == 5
    assert client.release(*(a.lease for a in answers if a.lease)) == 5
    skew = server.metric("sluice_store_clock_skew_seconds")
    assert abs(skew) < 1
    assert abs(server.status()["store"]["clock_skew_us"]) < 1_000_000
    keeps(server, SECRET)


def test_a_password_is_changed_without_a_restart(sluice, redis, tmp_path):
    with_user(redis)
    store = redis.store(deadline="1s") + logged_in(tmp_path / "s0", "wrong-1")
    server = sluice(in_flight(5), store=store)
    assert server.client().check(RATINGS, {"in-flight": 1}).passed, "open"
    assert not is_up(server)
    server.wait_log("user or password are wrong")

    # The right one is taken as soon as it is there.
    (server.folder / "password").write_text(SECRET)
    until_up(server)
    server.wait_event("changed")
    server.wait_log("another password")

    # As the docs say: both, the new one, not the old one.
    assert redis.ask("ACL SETUSER sluice >second-2") == "+OK"
    (server.folder / "password").write_text("second-2\r\n")
    server.wait_generation(3)
    assert redis.ask(f"ACL SETUSER sluice <{SECRET}") == "+OK"
    connections = server.metric("sluice_store_reconnects_total")
    redis.ask("CLIENT KILL TYPE normal SKIPME yes")
    workers = len(server.status()["workers"])
    until(lambda: server.metric("sluice_store_reconnects_total") >=
          connections + workers, 20, what=server.log)
    until_up(server)
    client = server.client()
    assert sum(client.check(RATINGS, {"in-flight": 1}).passed
               for _ in range(7)) == 5

    # A file that holds no password is a mistake; what was there stays.
    (server.folder / "password").write_text("")
    server.wait_event("reload_refused")
    assert "is empty" in server.log()
    keeps(server, "wrong-1", SECRET, "second-2")


class Sentinel(Redis):
    """Watches a master, with a user and a password of its own."""

    def __init__(self, folder, master):
        super().__init__(folder)
        folder.mkdir()
        self.file = folder / "sentinel.conf"
        self.file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor mymaster 127.0.0.1 {master.port} 2\n"
            "sentinel down-after-milliseconds mymaster 500\n"
            "sentinel failover-timeout mymaster 3000\n")

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", str(self.file), "--sentinel"],
            stdout=subprocess.DEVNULL)
        until(self.answers, what="sentinel")
        assert self.ask(user_lines()[1]) == "+OK"

    def knows(self):
        """How many others of each kind it sees."""
        with_others = subprocess.run(
            ["redis-cli", "-p", str(self.port), "SENTINEL", "MASTER",
             "mymaster"], capture_output=True, text=True).stdout.split("\n")
        fields = dict(zip(with_others[::2], with_others[1::2]))
        return (fields.get("num-slaves"), fields.get("num-other-sentinels"))


@pytest.fixture
def watched(tmp_path):
    """(master, replica, sentinels) that know each other."""
    started = []

    def start(server):
        server.start()
        started.append(server)
        return server

    folder = tmp_path / "redis"
    folder.mkdir()
    try:
        master = with_user(start(Redis(folder)))
        replica = with_user(start(
            Redis(folder, "--replicaof", "127.0.0.1", str(master.port))))
        sentinels = [start(Sentinel(tmp_path / f"sentinel{i}", master))
                     for i in range(3)]
        for sentinel in sentinels:
            until(lambda s=sentinel: s.knows() == ("1", "2"), 30,
                  what=lambda s=sentinel: str(s.knows()))
        yield master, replica, sentinels
    finally:
        for server in started:
            server.stop()



def is_master(redis):
    with subprocess.Popen(["redis-cli", "-p", str(redis.port), "ROLE"],
                          stdout=subprocess.PIPE, text=True) as ask:
        return ask.communicate()[0].startswith("master")


def sentinel_store(sentinels, folder):
    addresses = ", ".join(f'"127.0.0.1:{s.port}"' for s in sentinels)
    return (f'kind = "redis"; deadline = "200ms"; servers = [ {addresses} ];' +
            logged_in(folder) + ' sentinel = { master = "mymaster"; '
            'user = "sluice"; password_file = "password"; };')


def slowest_until(client, condition, within=40):
    """Calls until something is so: how many, and the slowest in seconds."""
    end, count, worst = time.monotonic() + within, 0, 0
    while not condition():
        assert time.monotonic() < end
        begin = time.monotonic()
        assert client.check(RATINGS, {"in-flight": 1}).code == 0
        worst = max(worst, time.monotonic() - begin)
        count += 1
        time.sleep(0.005)
    return count, worst


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_the_master_is_lost_and_another_takes_over(sluice, watched, tmp_path,
                                                   how):
    master, replica, sentinels = watched
    server = sluice(in_flight(5, on_outage="open"),
                    store=sentinel_store(sentinels, tmp_path / "s0"))
    until_up(server)
    client = server.client()
    assert sum(client.check(RATINGS, {"in-flight": 1}).passed
               for _ in range(8)) == 5

    if how == "killed":
        master.kill()
    else:
        master.process.send_signal(signal.SIGSTOP)
    until_up(server, False)
    count, worst = slowest_until(
        client, lambda: is_master(replica) and is_up(server))
    assert count > 10
    assert worst < 3, "no call waits for the failover"
    assert server.metric("sluice_quota_outage_open_total") > 0

    # The replica had the five leases, unless they were younger than its lag.
    passed = sum(client.check(RATINGS, {"in-flight": 1}).passed
                 for _ in range(12))
    assert passed <= 5
    assert not client.check(RATINGS, {"in-flight": 1}).passed

    # The old one comes back and is a replica soon; nobody is misled.
    if how == "frozen":
        master.process.send_signal(signal.SIGCONT)
        until(lambda: not is_master(master), 30, what="demoted")
        until_up(server)
        assert not client.check(RATINGS, {"in-flight": 1}).passed
    keeps(server, SECRET)


def test_sentinels_are_needed_only_to_find_the_master(sluice, watched,
                                                      tmp_path):
    _, _, sentinels = watched
    store = sentinel_store(sentinels, tmp_path / "s0")
    sentinels[0].kill()
    sentinels[1].kill()
    server = sluice(in_flight(5, on_outage="closed"), store=store)
    until_up(server)
    sentinels[2].kill()
    client = server.client()
    assert sum(client.check(RATINGS, {"in-flight": 1}).passed
               for _ in range(8)) == 5


# --- TLS --------------------------------------------------------------------

def tunnel_config(folder, port, ca):
    """The stunnel configuration of the docs, with places of this test."""
    text = re.search(r"```ini\n(.*?)```", DOCS, re.S)[1]
    changes = {"/run/sluice/redis.sock": str(folder / "redis.sock"),
               "redis.example.org:6380": f"127.0.0.1:{port}",
               "/etc/sluice/redis-ca.pem": str(ca)}
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    # In the foreground, so that it ends with the test.
    return f"foreground = yes\npid =\noutput = {folder / 'log'}\n{text}"


class Tunnel:
    """A real stunnel."""

    def __init__(self, folder, port, ca):
        folder.mkdir()
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.file = folder / "stunnel.conf"
        self.file.write_text(tunnel_config(folder, port, ca))
        self.process = None

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["stunnel4", str(self.file)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        until(self.socket.exists, what=self.log)

    def log(self):
        file = self.folder / "log"
        return file.read_text() if file.exists() else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def make_certificate(folder, name, host, issuer=None):
    """NAME.pem and NAME.key; without an issuer an authority of its own."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
               "-keyout", key, "-out", certificate, "-subj", f"/CN={host}",
               "-addext", f"subjectAltName=DNS:{host}"]
    if issuer:
        command += ["-CA", folder / f"{issuer}.pem", "-CAkey",
                    folder / f"{issuer}.key", "-addext",
                    "basicConstraints=critical,CA:FALSE"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate


@pytest.fixture
def tls(tmp_path):
    """Starts a Redis behind TLS with a certificate for a name, and a tunnel
    to it: tls(host) -> (redis, tunnel)."""
    started = []

    def start(host, trusted="ca"):
        make_certificate(tmp_path, "ca", "the authority")
        make_certificate(tmp_path, "other", "another authority")
        make_certificate(tmp_path, "redis", host, "ca")
        port = free_port()
        redis = Redis(tmp_path, "--tls-port", str(port), "--tls-cert-file",
                      str(tmp_path / "redis.pem"), "--tls-key-file",
                      str(tmp_path / "redis.key"), "--tls-ca-cert-file",
                      str(tmp_path / "ca.pem"), "--tls-auth-clients", "no")
        tunnel = Tunnel(tmp_path / "tunnel", port, tmp_path / f"{trusted}.pem")
        for server in redis, tunnel:
            server.start()
            started.append(server)
        return with_user(redis), tunnel

    yield start
    for server in started:
        server.stop()


def tunnel_store(tunnel, folder):
    return (f'kind = "redis"; deadline = "1s"; '
            f'servers = [ "unix:{tunnel.socket}" ];' + logged_in(folder))


def test_through_a_tunnel(sluice, tls, tmp_path):
    redis, tunnel = tls("redis.example.org")
    server = sluice(in_flight(5, on_outage="closed"),
                    store=tunnel_store(tunnel, tmp_path / "s0"))
    until_up(server)
    client = server.client()
    assert sum(client.check(RATINGS, {"in-flight": 1}).passed
               for _ in range(8)) == 5

    # Either end may go and come back.
    for part in redis, tunnel:
        part.stop()
        until_up(server, False)
        assert not client.check(RATINGS, {"in-flight": 1}).passed
        part.start()
        with_user(redis)
        until_up(server)
    assert client.check(RATINGS, {"in-flight": 1}).passed, "Redis forgot"


@pytest.mark.parametrize("host, trusted, complaint", [
    ("redis.example.org", "other", "certificate"),
    ("elsewhere.example.org", "ca", "certificate"),
], ids=["another authority", "another name"])
def test_a_tunnel_to_somebody_else_carries_nothing(sluice, tls, tmp_path, host,
                                                   trusted, complaint):
    redis, tunnel = tls(host, trusted)
    server = sluice(in_flight(5, on_outage="closed"),
                    store=tunnel_store(tunnel, tmp_path / "s0"))
    until(lambda: complaint in tunnel.log().lower(), what=tunnel.log)
    assert not is_up(server)
    assert not server.client().check(RATINGS, {"in-flight": 1}).passed
    assert redis.ask("DBSIZE") == ":0"
    keeps(server, SECRET)
