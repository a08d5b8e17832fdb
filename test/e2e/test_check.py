"""Mixer's Check on the wire, from an independent client."""
import grpc
import pytest

from configs import DENY_BLUE, IN_FLIGHT, in_flight, rate

RATINGS = {"destination.service.host": "ratings"}


def fails_with(code, call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    assert error.value.code() == code, error.value
    return error.value.details()


def test_rules_allow_and_deny(sluice):
    client = sluice(DENY_BLUE).client()
    allowed = client.check({"request.headers": {"x-version": "green"}})
    assert allowed.code == 0
    assert allowed.response.precondition.valid_duration.seconds == 60
    assert allowed.response.precondition.valid_use_count == 10000
    denied = client.check({"request.headers": {"x-version": "blue"}})
    assert denied.code == 7
    assert denied.message == "no-blue:blue is not public yet"
    directive = denied.response.precondition.route_directive
    assert directive.direct_response_code == 403
    assert client.check({}).code == 0, "an absent header has its default"


@pytest.mark.parametrize("words", [0, 111, 203, 222])
def test_an_answer_names_what_it_depends_on(sluice, words):
    client = sluice(DENY_BLUE).client()
    answer = client.check({"request.headers": {"x-version": "blue"}},
                          words=words)
    referenced = answer.response.precondition.referenced_attributes
    assert len(referenced.attribute_matches) == 1
    match = referenced.attribute_matches[0]
    assert match.condition == 2, "EXACT"
    assert match.map_key < 0
    assert referenced.words[-match.map_key - 1] == "x-version"
    if words == 0:
        assert referenced.words[-match.name - 1] == "request.headers"
    else:
        assert match.name > 0
    absent = client.check({}, words=words)
    referenced = absent.response.precondition.referenced_attributes
    assert referenced.attribute_matches[0].condition == 1, "ABSENCE"
    assert referenced.attribute_matches[0].map_key == 0, "of the whole map"


def test_the_101st_is_refused(sluice, store):
    client = sluice(IN_FLIGHT, store=store).client()
    answers = [client.check(RATINGS, {"in-flight": 1}) for _ in range(101)]
    assert [a.passed for a in answers] == 100 * [True] + [False]
    assert answers[100].code == 0, "the precondition holds"
    assert answers[100].response.quotas["in-flight"].status.code == 8
    assert answers[100].lease is None
    assert len({a.lease for a in answers[:100]}) == 100
    other = {"destination.service.host": "details"}
    assert client.check(other, {"in-flight": 1}).passed, "another key"
    assert client.release(answers[7].lease) == 1
    assert client.release(answers[7].lease) == 0, "twice is harmless"
    assert client.check(RATINGS, {"in-flight": 1}).passed
    assert not client.check(RATINGS, {"in-flight": 1}).passed


def test_an_override_has_its_own_limit(sluice, store):
    client = sluice(IN_FLIGHT, store=store).client()
    reviews = {"destination.service.host": "reviews"}
    passed = [client.check(reviews, {"in-flight": 1}).passed for _ in range(21)]
    assert passed == 20 * [True] + [False]


def test_an_unreleased_slot_comes_back(sluice, store):
    import time
    client = sluice(in_flight(1, lease="1s"), store=store).client()
    assert client.check(RATINGS, {"in-flight": 1}).passed
    assert not client.check(RATINGS, {"in-flight": 1}).passed
    time.sleep(1.1)
    assert client.check(RATINGS, {"in-flight": 1}).passed


def test_a_retry_is_charged_once(sluice, store):
    client = sluice(in_flight(1) , store=store).client()
    for _ in range(3):
        assert client.check(RATINGS, {"in-flight": 1}, dedup="one").passed
    assert not client.check(RATINGS, {"in-flight": 1}, dedup="two").passed
    back = client.check(RATINGS, {"in-flight": -1}, dedup="one")
    assert back.granted["in-flight"] == 1, "released by its id"
    assert client.check(RATINGS, {"in-flight": 1}, dedup="two").passed


def test_a_rate_is_exact_and_best_effort_takes_the_rest(sluice, store):
    client = sluice(rate(10), store=store).client()
    user = {"source.user": "anna"}
    assert client.check(user, {"per-user": 7}).granted["per-user"] == 7
    assert client.check(user, {"per-user": 7}).granted["per-user"] == 0
    answer = client.check(user, {"per-user": 7}, best_effort=True)
    assert answer.granted["per-user"] == 3
    assert client.check(user, {"per-user": 1}).granted["per-user"] == 0
    assert client.check({"source.user": "ben"},
                        {"per-user": 10}).granted["per-user"] == 10
    assert client.check(user, {"per-user": 0}).granted["per-user"] == 0


def test_all_or_nothing(sluice, store):
    config = '''
    quotas = (
      { name = "a"; rate = { algorithm = "token_bucket"; amount = 2; per = "1h"; burst = 2; }; },
      { name = "b"; concurrency = { max = 1; lease = "60s"; }; }
    );
    '''
    client = sluice(config, store=store).client()
    first = client.check({}, {"a": 1, "b": 1})
    assert first.passed
    refused = client.check({}, {"a": 1, "b": 1})
    assert refused.granted == {"a": 0, "b": 0}
    assert client.check({}, {"a": 1}).passed, "a was not spent by the refusal"
    assert not client.check({}, {"a": 1}).passed
    assert client.release(first.lease) == 1


def test_a_rule_asks_for_quotas(sluice, store):
    config = rate(2) + '''
    rules = ( { name = "limit"; quota = "per-user";
                deny = { message = "slow down"; http_status = 420; }; } );
    '''
    client = sluice(config, store=store).client()
    user = {"source.user": "anna"}
    for _ in range(2):
        answer = client.check(user)
        assert answer.code == 0
        assert answer.response.precondition.valid_use_count == 0
        assert answer.response.precondition.HasField("valid_duration")
    refused = client.check(user)
    assert refused.code == 8
    assert refused.message == "limit:slow down"
    assert not refused.granted
    directive = refused.response.precondition.route_directive
    assert directive.direct_response_code == 420


def test_shadow_charges_but_never_refuses(sluice, store):
    server = sluice(rate(1, more='mode = "shadow";'), store=store)
    client = server.client()
    for _ in range(5):
        assert client.check({}, {"per-user": 1}).passed
    assert server.metric("sluice_quota_shadow_refused_total",
                         quota="per-user") == 4


def test_unknown_quotas(sluice):
    server = sluice(IN_FLIGHT)
    assert server.client().check({}, {"nobody": 5}).granted["nobody"] == 5
    assert server.metric("sluice_unknown_quotas_total") == 1
    strict = sluice(IN_FLIGHT, server='unknown_quota = "refuse";').client()
    assert strict.check({}, {"nobody": 5}).granted["nobody"] == 0


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\xff\xff\xff\xff\x0f",
                                  b"\x0a\x02\x0a", 1000 * b"\x0a"])
def test_malformed_messages_are_refused(sluice, body):
    client = sluice(DENY_BLUE).client()
    raw = client.channel.unary_unary("/istio.mixer.v1.Mixer/Check")
    fails_with(grpc.StatusCode.INVALID_ARGUMENT, lambda: raw(body, timeout=5))
    assert client.check({}).code == 0


def test_a_newer_dictionary_is_told_so_that_clients_recover(sluice):
    client = sluice(DENY_BLUE).client()
    details = fails_with(grpc.StatusCode.INVALID_ARGUMENT,
                         lambda: client.check({}, words=223))
    assert details.startswith("Request could not be processed due to invalid")


def test_too_many_quotas(sluice):
    client = sluice(IN_FLIGHT).client()
    many = {f"q{i}": 1 for i in range(9)}
    fails_with(grpc.StatusCode.INVALID_ARGUMENT,
               lambda: client.check({}, many))


def test_an_oversized_message_is_refused(sluice):
    client = sluice(DENY_BLUE).client()
    large = {"request.path": 5_000_000 * "x"}
    code = fails_with(grpc.StatusCode.RESOURCE_EXHAUSTED,
                      lambda: client.check(large, timeout=10))
    assert code
    assert client.check({}).code == 0


def test_mistyped_attributes_count_as_absent(sluice):
    server = sluice(DENY_BLUE)
    client = server.client()
    assert client.check({"request.headers": "blue"}).code == 0
    assert client.check({"request.headers": 5}).code == 0
    request = client.request({})
    request.attributes.strings[99999] = -77
    request.attributes.strings[-5] = 12345
    assert client.send(request).code == 0
    assert server.metric("sluice_mistyped_attributes_total") == 2


@pytest.mark.parametrize("method", ["/istio.mixer.v1.Mixer/Nothing",
                                    "/nobody.Service/Method"])
def test_unknown_methods_are_answered_at_once(sluice, method):
    client = sluice(DENY_BLUE).client()
    raw = client.channel.unary_unary(method)
    fails_with(grpc.StatusCode.UNIMPLEMENTED, lambda: raw(b"", timeout=5))


def test_report_is_answered_and_counted(sluice):
    server = sluice(DENY_BLUE)
    client = server.client()
    request = client.messages.ReportRequest(default_words=["a"])
    request.attributes.add()
    request.attributes.add()
    client.mixer.Report(request, timeout=5)
    assert server.metric("sluice_reports_total") == 1
    assert server.metric("sluice_report_entries_total") == 2


def test_a_wrong_handle_is_an_error(sluice):
    client = sluice(IN_FLIGHT).client()
    for handle in ("x", "", 5000 * "A"):
        fails_with(grpc.StatusCode.INVALID_ARGUMENT,
                   lambda: client.release(handle))


def test_unix_sockets_serve(sluice, tmp_path):
    client = sluice(DENY_BLUE, listen=f"unix:{tmp_path}/sluice.sock").client()
    assert client.check({}).code == 0
