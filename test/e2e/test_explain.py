"""Answers to "why?": of files, and of requests to a running server."""
import json
import re

import pytest

from configs import DENY_BLUE, in_flight
from support import run

LIMITS = DENY_BLUE.replace("rules = (", '''rules = (
  { name = "limits"; match = "request.path | '' == '/limited'";
    quota = [ "in-flight" ]; },''') + in_flight(1)
# On a machine that others use, nobody is to be turned away as overloaded.
CALM = 'max_delay = "10s";'
EXPLAIN = CALM + 'explain = true;'
BLUE = {"request.headers": {"x-version": "blue"}}
LIMITED = {"request.path": "/limited", "destination.service.host": "ratings"}


def ask(client, attributes, quotas=None, metadata=(("sluice-explain", "1"),)):
    """(code, trailing metadata)"""
    response, call = client.mixer.Check.with_call(
        client.request(attributes, quotas), timeout=5, metadata=metadata)
    return (response.precondition.status.code,
            dict(call.trailing_metadata() or ()))


def explained(client, *arguments):
    code, trailing = ask(client, *arguments)
    return code, json.loads(trailing["sluice-explain"])


def rule(explanation, name):
    return next(r for r in explanation["rules"] if r["rule"] == name)


def test_of_a_file(tmp_path):
    config = tmp_path / "a.conf"
    config.write_text(LIMITS)
    allowed = run("explain", str(config), json.dumps(LIMITED))
    assert allowed.returncode == 0, allowed.stderr
    assert allowed.stdout.startswith("allowed if the quotas grant it\n")
    assert 'key "service=ratings", limit 1 at the same time' in allowed.stdout
    denied = run("explain", "--json", str(config), json.dumps(BLUE))
    assert denied.returncode == 1
    explanation = json.loads(denied.stdout)
    assert explanation["code"] == "PERMISSION_DENIED"
    assert rule(explanation, "limits")["result"] == "did not match"
    config.write_text("rules = 1;")
    wrong = run("explain", str(config), "{}")
    assert wrong.returncode == 2
    assert f"{config}:1:" in wrong.stderr


def test_a_live_request(sluice, store):
    server = sluice(LIMITS, store=store, server=EXPLAIN)
    client = server.client()
    code, explanation = explained(client, BLUE)
    assert (code, explanation["code"]) == (7, "PERMISSION_DENIED")
    assert rule(explanation, "no-blue")["result"] == "denied"
    because, = rule(explanation, "limits")["because"]
    assert because["false"] == "request.path | '' == '/limited'"
    assert because["saw"] == {"request.path | ''": ""}

    code, explanation = explained(client, LIMITED)
    assert code == 0
    quota, = rule(explanation, "limits")["quotas"]
    assert quota["key"] == "service=ratings"
    assert quota["granted"] == 1
    assert "pending" not in explanation

    code, explanation = explained(client, LIMITED)
    assert code == 8
    assert rule(explanation, "limits")["result"] == "denied"
    quota, = rule(explanation, "limits")["quotas"]
    assert quota["refused"] is True


def test_the_file_and_the_server_agree(sluice):
    left_out = LIMITS.replace("rules = (", '''rules = (
      { name = "left-out"; deny = { };
        match = "request.size > 1 && request.path == '/x'"; },''')
    server = sluice(left_out, server=EXPLAIN)
    client = server.client()
    _, explanation = explained(client, {"request.path": "/y"})
    assert rule(explanation, "left-out")["result"] == "did not match"
    because, = rule(explanation, "left-out")["because"]
    assert because["false"] == "request.path == '/x'"
    for attributes in ({}, BLUE, {"request.path": "/x", **BLUE},
                       {"request.path": "/y"}):
        said = run("explain", "--json", str(server.file),
                   json.dumps(attributes))
        assert explained(client, attributes)[1] == json.loads(said.stdout)


@pytest.mark.parametrize("metadata", [(), (("sluice-explain", "0"),)])
def test_only_who_asks_is_told(sluice, metadata):
    client = sluice(DENY_BLUE, server=EXPLAIN).client()
    code, trailing = ask(client, BLUE, metadata=metadata)
    assert code == 7
    assert not [key for key in trailing if key.startswith("sluice-")]


def test_only_where_it_is_permitted(sluice):
    server = sluice(DENY_BLUE, server=CALM)
    code, trailing = ask(server.client(), BLUE)
    assert code == 7
    assert not [key for key in trailing if key.startswith("sluice-")]
    said = server.check("-a", "request.headers[x-version]=blue", "--explain")
    assert said.returncode == 1
    assert "`server.explain` is not true there" in said.stderr


def test_bounded_and_printable(sluice):
    rules = ",".join(f'''{{ name = "r{i}"; deny = {{ }};
        match = "request.path | '' != '/{i}'"; }}''' for i in range(200))
    client = sluice(f"rules = ( {rules} );", server=EXPLAIN).client()
    code, trailing = ask(client, {"request.path": "\x7f\n\u20ac" * 1000})
    assert code == 7
    assert len(trailing["sluice-explain"]) <= 4096
    explanation = json.loads(trailing["sluice-explain"])
    assert explanation["unexplained_rules"] == 200
    code, explanation = explained(client, {"request.path": "\x7f\n\u20ac"})
    assert code == 7
    # As many as fit, with the path in one line of ASCII.
    few = sluice(DENY_BLUE, server=EXPLAIN).client()
    blue = {"request.headers": {"x-version": "\x7f\n\u20ac"}}
    _, explanation = explained(few, blue)
    saw, = rule(explanation, "no-blue")["read"].values()
    assert saw == "?\n\u20ac"


def test_check_shows_it(sluice):
    server = sluice(LIMITS, server=EXPLAIN)
    arguments = ("-a", "request.headers[x-version]=blue", "--explain")
    said = server.check(*arguments)
    assert said.returncode == 1, said.stderr
    assert re.search(r"^  decision [0-9a-f]{16}$", said.stdout, re.M)
    assert "\nrule no-blue: denied\n" in said.stdout
    answer = json.loads(server.check("--json", *arguments).stdout)
    assert answer["explanation"]["code"] == "PERMISSION_DENIED"
    assert re.fullmatch("[0-9a-f]{16}", answer["decision"])


def test_denials_are_logged(sluice):
    server = sluice(LIMITS + 'log = { denials = 100; };', workers=1,
                    server=CALM)
    client = server.client()
    code, trailing = ask(client, BLUE, metadata=())
    assert code == 7
    server.wait_event("denied")
    line, = server.events("denied")
    assert f'decision={trailing["sluice-decision"]} ' in line
    assert 'code=PERMISSION_DENIED rule="no-blue"' in line
    host = 'a" rule="x\nevent=fake\\'
    limited = {**LIMITED, "destination.service.host": host}
    for _ in range(2):
        code, trailing = ask(client, limited, metadata=())
    assert code == 8
    server.wait_event("denied", 2)
    line = server.events("denied")[1]
    assert ('code=RESOURCE_EXHAUSTED rule="limits" quota="in-flight" '
            r'key="service=a\" rule=\"x event=fake\\"') in line
    # The caller's own quota.
    ask(client, limited, {"in-flight": 1}, metadata=())
    server.wait_event("denied", 3)
    line = server.events("denied")[2]
    assert 'rule=' not in line.split("key=")[0]
    assert 'quota="in-flight"' in line


def test_a_flood_of_denials_is_no_flood_of_lines(sluice):
    server = sluice(DENY_BLUE +
                    'log = { denials = 100; denials_per_second = 1; };',
                    workers=1, server=CALM)
    client = server.client()
    ids = [ask(client, BLUE, metadata=())[1].get("sluice-decision")
           for _ in range(50)]
    told = [i for i in ids if i]
    server.wait_event("denied", len(told))
    assert 1 <= len(told) <= 10, "as many as seconds may have passed"
    assert len(server.events("denied")) == len(told)


def test_a_sample_of_denials(sluice):
    server = sluice(DENY_BLUE +
                    'log = { denials = 20; denials_per_second = 10000; };',
                    server=CALM)
    client = server.client()
    ids = [ask(client, BLUE, metadata=())[1].get("sluice-decision")
           for _ in range(400)]
    told = [i for i in ids if i]
    assert 30 < len(told) < 140
    assert len(set(told)) == len(told)
