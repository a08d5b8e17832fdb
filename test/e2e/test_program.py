"""The program's commands, as a person or a script uses them."""
import json
import pathlib
import signal
import subprocess

import pytest

from configs import DENY_BLUE, IN_FLIGHT
from support import PROGRAM, run

ROOT = pathlib.Path(__file__).parents[2]
COMMANDS = ["serve", "validate", "check", "status", "peek", "reset",
            "version"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    result = run(command, "--help")
    assert result.returncode == 0
    assert command in result.stdout


def test_help_and_unknown_commands():
    assert all(command in run("--help").stdout for command in COMMANDS)
    wrong = run("chekc")
    assert wrong.returncode == 2
    assert "check" in wrong.stderr


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        result = subprocess.run([PROGRAM, "version"], stdout=full,
                                stderr=subprocess.PIPE, text=True, timeout=10)
    assert result.returncode == 2
    assert "not all of the output" in result.stderr


def test_check_takes_exactly_100_slots_and_releases(sluice, store):
    server = sluice(IN_FLIGHT, store=store)
    ask = ["-a", "destination.service.host=ratings", "-q", "in-flight"]
    first = server.check(*ask, "--json")
    assert first.returncode == 0, first.stderr
    answer = json.loads(first.stdout)
    assert answer["code"] == "OK"
    assert answer["quotas"]["in-flight"]["granted"] == 1
    many = server.check(*ask, "--count", "99")
    assert many.returncode == 0, many.stdout + many.stderr
    refused = server.check(*ask)
    assert refused.returncode == 1
    released = server.check("--release", answer["lease"])
    assert released.returncode == 0, released.stderr
    assert server.check(*ask).returncode == 0
    assert server.check(*ask).returncode == 1


def test_check_denied(sluice):
    server = sluice(DENY_BLUE)
    denied = server.check("-a", "request.headers[x-version]=blue")
    assert denied.returncode == 1
    assert "PERMISSION_DENIED" in denied.stdout
    assert "blue is not public yet" in denied.stdout
    assert server.check("-a", "request.size=many").returncode == 2


def test_check_without_a_server():
    result = run("check", "-s", "127.0.0.1:1", timeout=10)
    assert result.returncode == 2
    assert "127.0.0.1:1" in result.stderr


def test_status_of_a_running_server(sluice):
    server = sluice(IN_FLIGHT)
    result = run("status", "-s", f"127.0.0.1:{server.admin_port}", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["config"]["generation"] == 1
    for_people = run("status", "-s", f"127.0.0.1:{server.admin_port}")
    assert "in-flight" in for_people.stdout


def test_validate(tmp_path):
    good = run("validate", str(ROOT / "config" / "sluice.conf"))
    assert good.returncode == 0, good.stdout + good.stderr
    bad = tmp_path / "bad.conf"
    bad.write_text('rules = (\n  { name = "a"; mach = "true"; }\n);\n')
    result = run("validate", str(bad))
    assert result.returncode == 1
    text = result.stdout + result.stderr
    assert f"{bad}:2:17: error" in text
    assert "match" in text
    assert "^" in text
    assert run("validate", str(tmp_path / "none")).returncode != 0


def test_serve_refuses_a_bad_file(tmp_path):
    bad = tmp_path / "bad.conf"
    bad.write_text("quotas = 5;\n")
    result = run("serve", "-c", str(bad), timeout=10)
    assert result.returncode == 1
    assert f"{bad}:1:" in result.stderr


def test_serve_says_what_it_does(tmp_path):
    """With the file that a newcomer runs, on its own ports."""
    process = subprocess.Popen(
        [PROGRAM, "serve", "-c", str(ROOT / "config" / "sluice.conf")],
        stdout=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "sluice check" in line:
                break
        text = "".join(lines)
        assert "127.0.0.1:9091" in text
        ask = ["check", "-a", "destination.service.host=ratings", "-q",
               "in-flight"]
        passed = [run(*ask).returncode for _ in range(101)]
        assert passed == 100 * [0] + [1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
