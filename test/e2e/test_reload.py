"""The file is edited: no restart, no failed call, no half configuration."""
import os
import signal
import threading
import time

from configs import DENY_BLUE, in_flight, window

RATINGS = {"destination.service.host": "ratings"}


class Load:
    """Calls one after the other until stopped; remembers what failed."""

    def __init__(self, client):
        self.client, self.calls, self.failures = client, 0, []
        self.worst = 0  # seconds that a call took
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            begun = time.monotonic()
            try:
                self.client.check(RATINGS)
            except Exception as error:  # every failure counts
                self.failures.append(error)
            self.worst = max(self.worst, time.monotonic() - begun)
            self.calls += 1

    def stop(self):
        self.stopping.set()
        self.thread.join()
        return self.calls


def test_a_limit_changes_under_load(sluice, store):
    server = sluice(in_flight(3), store=store)
    client = server.client()
    loads = [Load(server.client()) for _ in range(4)]
    assert sum(client.check(RATINGS, {"in-flight": 1}).passed
               for _ in range(5)) == 3
    for generation, maximum in enumerate([5, 4, 7], 2):
        server.replace(in_flight(maximum))
        server.wait_generation(generation)
    assert sum(client.check(RATINGS, {"in-flight": 1}).passed
               for _ in range(9)) == 4, "what is in flight stays counted"
    calls = sum(load.stop() for load in loads)
    assert calls > 100
    assert [load.failures for load in loads] == [[], [], [], []]
    changes = server.events("changed")
    assert any("max" in line and "3 -> 5" in line for line in changes), changes


def test_usage_outlives_an_amount_but_not_a_window(sluice, store):
    server = sluice(window("fixed_window", 5), store=store)
    client = server.client()
    assert client.check({}, {"per-user": 4}).granted["per-user"] == 4
    steps = [
        (window("fixed_window", 6), 2),
        (window("fixed_window", 6, per="2h"), 6),
        (window("rolling_window", 6, per="2h"), 6),
        (window("rolling_window", 7, per="2h", more='bucket = "1h";'), 1),
        (window("fixed_window", 6, per="month", more="align = true;"), 6),
        (window("fixed_window", 5), 0),
    ]
    for generation, (config, left) in enumerate(steps, 2):
        server.replace(config)
        server.wait_generation(generation)
        answer = client.check({}, {"per-user": 100}, best_effort=True)
        assert answer.granted["per-user"] == left, config


def test_ten_thousand_rules_hold_nobody_up(sluice):
    def rules(message):
        return "rules = (" + ",\n".join(
            f'{{ name = "r{i}"; deny = {{ message = "{message}"; }};'
            f' match = "request.path | \'\' == \'/{i}\'"; }}'
            for i in range(10_000)) + ");"

    server = sluice(rules("one"))
    client = server.client()
    loads = [Load(server.client()) for _ in range(2)]
    server.replace(rules("two"))
    server.wait_generation(2, within=60)
    assert client.check({"request.path": "/9999"}).message == "r9999:two"
    calls = sum(load.stop() for load in loads)
    assert calls > 100
    assert [load.failures for load in loads] == [[], []]
    # Two workers loaded 10,000 rules each, beside the calls of one thread.
    worst = max(load.worst for load in loads)
    assert worst < 2, worst
    # Of 10,000 changed messages the log tells some.
    server.wait_log("event=changed more=9900")
    assert len(server.events("changed")) == 101


def test_half_a_file_is_never_taken(sluice):
    """A slow writer truncates the file, and what it then writes of it would
    itself be a valid one, without limits."""
    server = sluice(in_flight(0))
    client = server.client()
    head, text = server.head, in_flight(0).replace("max = 0", "max = 1")
    with open(server.file, "w", encoding="utf-8") as file:
        for part in ("", head, text):
            file.write(part)
            file.flush()
            for _ in range(10):
                assert not client.check(RATINGS, {"in-flight": 1}).passed
                time.sleep(0.05)
    server.wait_generation(2)
    assert client.check(RATINGS, {"in-flight": 1}).passed
    assert not server.events("reload_refused")


def test_nothing_is_no_configuration(sluice):
    server = sluice(in_flight(0))
    server.file.write_text("")
    server.wait_event("reload_refused")
    server.wait_log("sluice.conf` is empty")
    assert not server.client().check(RATINGS, {"in-flight": 1}).passed


def test_a_broken_edit_is_refused_with_its_place(sluice):
    server = sluice(in_flight(3))
    client = server.client()
    server.write(in_flight(3).replace("max", "maxx"))
    server.wait_event("reload_refused")
    log = server.log()
    assert f"{server.file}:7:" in log, log
    assert "did you mean" in log
    assert "^" in log
    assert client.check(RATINGS, {"in-flight": 1}).passed
    assert server.generation() == 1
    assert server.metric("sluice_reload_failures_total") == 1
    server.write(in_flight(4))
    server.wait_generation(2)


def test_hup_reloads_and_an_unchanged_file_changes_nothing(sluice):
    server = sluice(in_flight(3))
    server.process.send_signal(signal.SIGHUP)
    server.wait_event("reload_unchanged")
    assert server.generation() == 1


def test_a_config_map_is_followed(sluice, tmp_path):
    """Kubernetes mounts FILE -> ..data/FILE and swaps the link ..data."""
    server = sluice(in_flight(3))
    folder = server.folder

    def mount(name, text):
        (folder / name).mkdir()
        (folder / name / "sluice.conf").write_text(server.head + text)
        os.symlink(name, folder / "..new")
        os.rename(folder / "..new", folder / "..data")

    mount("..v1", in_flight(3))
    server.file.unlink()
    server.file.symlink_to("..data/sluice.conf")
    time.sleep(0.5)
    before = server.generation()
    mount("..v2", in_flight(8))
    server.wait_generation(before + 1)
    client = server.client()
    assert sum(client.check(RATINGS, {"in-flight": 1}).passed
               for _ in range(10)) == 8


def test_a_rule_appears_and_counters_stay(sluice):
    server = sluice(DENY_BLUE)
    client = server.client()
    blue = {"request.headers": {"x-version": "blue"}}
    assert client.check(blue).code == 7
    server.replace(DENY_BLUE.replace("'blue'", "'red'"))
    server.wait_generation(2)
    assert client.check(blue).code == 0
    assert server.metric("sluice_rule_denied_total", rule="no-blue") == 1
    assert server.metric("sluice_checks_total", verdict="denied") == 1
