"""The memory store in a file: what outlives the program, and what is said."""
import os
import random
import signal
import stat

import pytest

from configs import in_flight, rate
from support import run, until

RATINGS = {"destination.service.host": "ratings"}
ANN = {"source.user": "ann"}
BOTH = in_flight(100, lease="1h").rstrip().removesuffix(");") + "," + \
    rate(100).strip().removeprefix("quotas = (")


def memory(path, size="1MiB"):
    return f'kind = "memory"; size = "{size}"; path = "{path}";'


def term(server):
    for client in server.channels:
        client.close()
    server.channels = []
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(15) == 0, server.log()


def kill_all(server):
    """At once: nobody has time to leave the store in order."""
    pids = [server.process.pid, *server.worker_pids()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    server.process.wait()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids[1:]),
          what="workers are gone")


def take(server, times):
    """How many of so many calls got a slot, and how many a token."""
    client = server.client()
    slots = sum(client.check(RATINGS, {"in-flight": 1}).passed
                for _ in range(times))
    tokens = sum(client.check(ANN, {"per-user": 1}).passed
                 for _ in range(times))
    return slots, tokens


@pytest.mark.parametrize("end", [term, kill_all])
def test_usage_outlives_the_program(sluice, tmp_path, end):
    path = tmp_path / "usage"
    first = sluice(BOTH, store=memory(path))
    assert take(first, 100) == (100, 100)
    assert take(first, 1) == (0, 0)
    assert len(first.events("store_created")) == 1, first.log()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == 1 << 20
    end(first)

    second = sluice(BOTH, store=memory(path))
    assert len(second.events("store_resumed")) == 1, second.log()
    assert take(second, 1)[0] == 0, "the 101st is refused"
    # A token comes back in 36 s.
    assert take(second, 5)[1] <= 2
    assert second.status()["store"]["usage"]["leases"] == 100


def test_a_lease_is_released_after_a_restart(sluice, tmp_path):
    first = sluice(in_flight(1), store=memory("usage"))
    lease = first.client().check(RATINGS, {"in-flight": 1}).lease
    kill_all(first)
    # Relative to the file that names it.
    (tmp_path / "s0" / "usage").rename(tmp_path / "usage")
    second = sluice(in_flight(1), store=memory("../usage"))
    client = second.client()
    assert not client.check(RATINGS, {"in-flight": 1}).passed
    assert client.release(lease) == 1
    assert client.check(RATINGS, {"in-flight": 1}).passed


def test_only_one_has_it(sluice, tmp_path):
    path = tmp_path / "usage"
    first = sluice(in_flight(5), store=memory(path))
    second = sluice(in_flight(5), store=memory(path), wait=False,
                    server='drain = "100ms";')
    assert second.process.wait(20) == 2
    assert second.events("store_locked"), second.log()
    assert f"{second.file}:2:" in second.log(), "the place of its path"
    assert f"{path}: another process uses it" in second.log()
    assert first.client().check(RATINGS, {"in-flight": 1}).passed


def test_workers_may_finish_after_their_master(sluice, tmp_path):
    """The next one waits for them, and takes over what they leave."""
    path = tmp_path / "usage"
    first = sluice(in_flight(5), store=memory(path))
    assert first.client().check(RATINGS, {"in-flight": 1}).passed
    pids = first.worker_pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    first.process.kill()
    first.process.wait()
    second = sluice(in_flight(5), store=memory(path), wait=False)
    second.wait_event("store_locked")
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    until(second.is_ready, 20, what=second.log)
    assert second.events("store_resumed"), second.log()
    assert take(second, 6)[0] == 4


def test_one_that_waits_can_be_ended(sluice, tmp_path):
    path = tmp_path / "usage"
    sluice(in_flight(5), store=memory(path))
    second = sluice(in_flight(5), store=memory(path), wait=False,
                    server='drain = "10m";')
    second.wait_event("store_locked")
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(10) == 2


def damage_shard(path):
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(random.Random(1).randbytes(4096))


def damage_all(path):
    path.write_bytes(random.Random(1).randbytes(1 << 20))


def cut(path):
    os.truncate(path, 4096)


@pytest.mark.parametrize("damage, reason", [
    (damage_shard, "shard 0 is damaged"),
    (damage_all, "it was no store"),
    (cut, "it has 4096 bytes"),
])
def test_what_is_damaged_begins_afresh(sluice, tmp_path, damage, reason):
    path = tmp_path / "usage"
    first = sluice(in_flight(5), store=memory(path))
    assert take(first, 6)[0] == 5
    term(first)
    damage(path)
    second = sluice(in_flight(5), store=memory(path))
    lines = second.events("store_afresh")
    assert len(lines) == 1 and reason in lines[0], second.log()
    assert "level=warning" in lines[0]
    assert take(second, 6)[0] == 5
    assert path.stat().st_size == 1 << 20
    assert (tmp_path / "usage.kept").exists() == (damage is damage_all)


def test_another_size_begins_afresh(sluice, tmp_path):
    path = tmp_path / "usage"
    term(sluice(in_flight(5), store=memory(path)))
    second = sluice(in_flight(5), store=memory(path, size="2MiB"))
    assert "it has 1048576 bytes, and the store is to have 2097152" in \
        second.events("store_afresh")[0]
    assert path.stat().st_size == 2 << 20


def refused(sluice, path, size="1MiB"):
    server = sluice(in_flight(5), store=memory(path, size), wait=False)
    assert server.process.wait(10) == 2
    return server


def test_a_folder_that_is_not_there(sluice, tmp_path):
    server = refused(sluice, tmp_path / "none" / "usage")
    assert f"{server.file}:2:" in server.log()
    assert "none/usage: it cannot be opened: No such file or directory" in \
        server.log()


def test_more_than_there_is_memory(sluice, tmp_path):
    server = refused(sluice, tmp_path / "usage", size="1TiB")
    assert "store.size, 1099511627776 bytes, does not fit" in server.log()
    assert not (tmp_path / "usage").exists()


def test_a_worker_dies_and_finds_it_again(sluice, tmp_path):
    server = sluice(in_flight(5), store=memory(tmp_path / "usage"))
    assert take(server, 3)[0] == 3
    for victim in server.worker_pids():
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in server.worker_pids() and
              all(w["state"] == "serving" for w in server.status()["workers"]),
              10, what=server.log)
    assert take(server, 3)[0] == 2


def test_validate_needs_no_folder(tmp_path):
    file = tmp_path / "sluice.conf"
    file.write_text(f"store = {{ {memory('/none/usage')} }};")
    assert run("validate", str(file)).returncode == 0
