"""What an operator sees and does: full quotas, peek, reset."""
import json
import os
import pathlib
import re
import shlex
import signal
import stat
import subprocess
import tempfile

import pytest

from configs import IN_FLIGHT, in_flight, rate
from support import PROGRAM, run, until

ROOT = pathlib.Path(__file__).parents[2]
RATINGS = ["-a", "destination.service.host=ratings", "-q", "in-flight"]
ANN = ["-a", "source.user=ann"]

SLOTS_AND_RATE = '''
quotas = (
  { name = "in-flight";
    dimensions = { service = "destination.service.host | 'unknown'"; };
    concurrency = { max = 2; lease = "60s"; }; },
  { name = "per-user";
    dimensions = { user = "source.user | 'anonymous'"; };
    rate = { algorithm = "token_bucket"; amount = 5; per = "1h"; }; }
);
'''


@pytest.fixture
def control():
    """The address of a control socket; paths of sockets must be short."""
    with tempfile.TemporaryDirectory(prefix="sluice-") as folder:
        yield f"unix:{folder}/control"


@pytest.fixture
def operated(sluice, store, control):
    """Starts a server that has a control socket."""
    def start(config, server="", **options):
        options.setdefault("store", store)
        return sluice(config, server=f'control = "{control}"; {server}',
                      **options)
    return start


def peek(control, *words):
    result = run("peek", "-s", control, "--json", *words)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def reset(control, *words):
    result = run("reset", "-s", control, "--json", *words)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def refused_row(server, key):
    """The row of that key in /status, or None."""
    rows = [row for row in server.status()["refused"] if row["key"] == key]
    return rows[0] if rows else None


def test_a_full_quota_shows_its_holders_until_it_is_reset(operated, control):
    server = operated(in_flight(20))
    assert server.check(*RATINGS, "--count", "20").returncode == 0
    assert server.check(*RATINGS).returncode == 1
    row = until(lambda: refused_row(server, "service=ratings"))
    assert row["quota"] == "in-flight"
    assert row["refusals"] == 1
    assert row["full"] and row["used"] == 20 and row["leases"] == 20
    assert len({holder["id"] for holder in row["holders"]}) == 20

    usage = peek(control, "IN-Flight", "Service=ratings")
    assert usage["quota"] == "in-flight"
    assert usage["algorithm"] == "concurrency"
    assert (usage["limit"], usage["used"], usage["remaining"]) == (20, 20, 0)
    assert usage["holders"][0]["units"] == 1
    assert server.check(*RATINGS).returncode == 1

    freed = reset(control, "in-flight", "service=ratings")
    assert (freed["released"], freed["used"]) == (20, 0)
    assert server.check(*RATINGS).returncode == 0
    assert peek(control, "in-flight", "service=ratings")["used"] == 1
    assert peek(control, "in-flight", "service=other")["used"] == 0
    # /status is a second behind at most.
    until(lambda: not refused_row(server, "service=ratings")["full"])
    server.wait_event("reset")
    assert server.events("reset")[0].count('key="service=ratings"') == 1


def test_a_rate_is_reset(operated, control):
    server = operated(rate(10))
    assert server.check(*ANN, "-q", "per-user=10").returncode == 0
    assert server.check(*ANN, "-q", "per-user").returncode == 1
    usage = peek(control, "per-user", "user=ann")
    assert (usage["limit"], usage["used"], usage["remaining"]) == (10, 10, 0)
    assert "holders" not in usage
    assert reset(control, "per-user", "user=ann")["released"] == 10
    assert server.check(*ANN, "-q", "per-user=10").returncode == 0
    assert until(lambda: refused_row(server, "user=ann"))["refusals"] == 1


def test_the_override_of_the_key_applies(operated, control):
    operated(IN_FLIGHT)
    assert peek(control, "in-flight", "service=reviews")["limit"] == 20
    assert peek(control, "in-flight", "service=reviews")["override"] == 1
    assert peek(control, "in-flight", "service=ratings")["limit"] == 100


def test_many_leases_are_reset(operated, control):
    server = operated(in_flight(2000))
    assert server.check(*RATINGS, "--count", "1300").returncode == 0
    usage = peek(control, "in-flight", "service=ratings")
    assert usage["used"] == 1300
    assert usage["leases"] == 256, "that many or more"
    assert len(usage["holders"]) == 64
    freed = reset(control, "in-flight", "service=ratings")
    assert (freed["released"], freed["used"]) == (1300, 0)


def test_what_people_are_shown(operated, control):
    server = operated(SLOTS_AND_RATE)
    for _ in range(3):
        server.check(*RATINGS)
    server.check(*ANN, "-q", "per-user=3")
    shown = run("peek", "-s", control, "in-flight", "service=ratings").stdout
    assert "limit      2" in shown and "used       2" in shown
    assert "2 leases; they end in" in shown
    shown = run("peek", "-s", control, "per-user", "user=ann").stdout
    assert "used       3" in shown and "leases" not in shown
    until(lambda: refused_row(server, "service=ratings"))
    shown = run("status", "-s", f"127.0.0.1:{server.admin_port}").stdout
    assert "refused most" in shown and "full: 2 of 2 in use" in shown
    shown = run("reset", "-s", control, "per-user", "user=ann").stdout
    assert shown == "released 3 of per-user user=ann; 0 in use now\n"


def test_a_new_configuration_is_asked_about(operated, control):
    server = operated(in_flight(3))
    assert peek(control, "in-flight", "service=a")["limit"] == 3
    server.write(in_flight(7))
    server.wait_generation(2)
    until(lambda: peek(control, "in-flight", "service=a")["limit"] == 7)


@pytest.mark.parametrize("words, told", [
    (["in-fligth", "service=a"], 'did you mean "in-flight"?'),
    (["in-flight", "services=a"], 'did you mean "service"?'),
    (["in-flight"], "needs a value for: service"),
    (["in-flight", "service"], "DIMENSION=VALUE"),
    (["in-flight", "service=a", "service=b"], "twice"),
    ([], "which quota?"),
])
@pytest.mark.parametrize("command", ["peek", "reset"])
def test_mistakes_are_named(sluice, control, command, words, told):
    sluice(IN_FLIGHT, server=f'control = "{control}";')
    result = run(command, "-s", control, *words)
    assert result.returncode == 2
    assert told in result.stderr
    assert not result.stdout


def test_nobody_answers(control):
    result = run("peek", "-s", control, "q")
    assert result.returncode == 2
    assert f"{control}: No such file or directory" in result.stderr
    assert run("peek", "-s", "nonsense", "q").returncode == 2


def test_values_are_hidden(operated, control):
    server = operated(in_flight(1) + 'log = { denials = 100; };\n',
                      server="redact = true;")
    ask = ["-a", "destination.service.host=secret", "-q", "in-flight"]
    assert server.check(*ask).returncode == 0
    assert server.check(*ask).returncode == 1
    row = until(lambda: server.status()["refused"])[0]
    assert row["key"].startswith("service=#") and len(row["key"]) == 13
    usage = peek(control, "in-flight", "service=secret")
    assert usage["key"] == row["key"]
    reset(control, "in-flight", "service=secret")
    server.wait_event("denied")
    server.wait_event("reset")
    assert f'key="{row["key"]}"' in server.events("denied")[0]
    assert f'key="{row["key"]}"' in server.events("reset")[0]
    assert "secret" not in server.get("/status")[1] + server.log()


def test_values_are_hidden_that_were_shown_before(sluice, control):
    server = sluice(in_flight(0), server=f'control = "{control}";')
    assert server.check(*RATINGS).returncode == 1
    until(lambda: refused_row(server, "service=ratings"))
    server.head = server.head.replace("control =", "redact = true; control =")
    server.write(in_flight(0))
    server.wait_generation(2)
    until(lambda: refused_row(server, "#"))
    assert "ratings" not in server.get("/status")[1]


def test_the_socket_comes_and_goes(sluice, control):
    path = control.removeprefix("unix:")
    server = sluice(IN_FLIGHT, server=f'control = "{control}";')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    second = sluice(IN_FLIGHT, server=f'control = "{control}";', wait=False)
    assert second.process.wait(10) == 2
    assert "already in use" in second.log()
    assert peek(control, "in-flight", "service=a")["used"] == 0
    # One that was killed leaves its file behind, which is no obstacle.
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    assert os.path.exists(path)
    third = sluice(IN_FLIGHT, server=f'control = "{control}";')
    assert peek(control, "in-flight", "service=a")["used"] == 0
    third.kill()
    assert not os.path.exists(path)


def test_what_is_no_socket_stays(sluice, control):
    path = control.removeprefix("unix:")
    with open(path, "w") as file:
        file.write("precious")
    server = sluice(IN_FLIGHT, server=f'control = "{control}";', wait=False)
    assert server.process.wait(10) == 2
    assert open(path).read() == "precious"


def test_a_dead_redis_is_told(sluice, redis, control):
    server = sluice(in_flight(1), server=f'control = "{control}";',
                    store=redis.store(deadline="1s"))
    assert server.check(*RATINGS).returncode == 0
    assert server.check(*RATINGS).returncode == 1
    until(lambda: (refused_row(server, "service=ratings") or {}).get("full"))
    redis.kill()
    for command in ("peek", "reset"):
        result = run(command, "-s", control, "in-flight", "service=ratings")
        assert result.returncode == 2
        assert "the store does not answer" in result.stderr
    # Probes and status do not wait for it.
    assert server.is_ready()
    assert refused_row(server, "service=ratings")["refusals"] == 1
    redis.start()
    assert peek(control, "in-flight", "service=ratings")["used"] == 0


def test_a_silent_redis_holds_up_only_who_asks(sluice, redis, control):
    server = sluice(in_flight(1), server=f'control = "{control}";',
                    store=redis.store())
    until(lambda: run("peek", "-s", control, "in-flight",
                      "service=ratings").returncode == 0)
    redis.process.send_signal(signal.SIGSTOP)
    asking = subprocess.Popen([PROGRAM, "peek", "-s", control, "in-flight",
                               "service=ratings"], stderr=subprocess.PIPE)
    assert server.is_ready()
    assert server.check(*RATINGS).returncode == 0, "the gate is open"
    assert asking.wait(20) == 2
    asking.stderr.close()
    redis.process.send_signal(signal.SIGCONT)
    until(lambda: run("peek", "-s", control, "in-flight",
                      "service=ratings").returncode == 0)


def test_a_worker_that_dies_leaves_its_refusals(operated, control):
    server = operated(in_flight(1))
    assert server.check(*RATINGS).returncode == 0
    for _ in range(3):
        assert server.check(*RATINGS).returncode == 1
    for pid in server.worker_pids():
        os.kill(pid, signal.SIGKILL)
    until(server.is_ready)
    until(lambda: refused_row(server, "service=ratings")["refusals"] == 3)
    assert peek(control, "in-flight", "service=ratings")["used"] == 1


def masked(text):
    """Without what differs from run to run."""
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    return re.sub(r"\b\d+(ms|s|m)\b +", "TIME ", text + " ").strip()


def test_the_examples_of_the_documentation(sluice, control):
    """Each "$ sluice ..." of docs/operation.md prints what stands below it."""
    server = sluice(IN_FLIGHT, server=f'control = "{control}";')
    text = (ROOT / "docs" / "operation.md").read_text()
    examples = "".join(re.findall(r"```console\n(.*?)```", text, re.S))
    steps = re.findall(r"^\$ sluice (.*)\n((?:(?!\$ ).*\n)*)", examples, re.M)
    assert len(steps) >= 4
    for line, printed in steps:
        command, *words = shlex.split(line)
        address = server.address if command == "check" else control
        result = run(command, "-s", address, *words)
        got = result.stdout + result.stderr
        assert [masked(row) for row in got.splitlines()] == \
            [masked(row) for row in printed.splitlines()], line
