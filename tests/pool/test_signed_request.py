"""Signed requests: each is taken once, from whom it says, for what it says, and nothing else is."""

from __future__ import annotations

import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.keys import canonical_json
from synthetic1.pool.errors import PoolError, RequestRefused
from synthetic1.pool.node_key import NodeKey, is_node_id, is_signed
from synthetic1.pool.signed_request import (
    NODE,
    NONCE,
    SIGNATURE,
    SKEW_S,
    STRANGERS,
    TIMESTAMP,
    RequestCheck,
    message_of,
    sign_request,
)

POOL, NODE_KEY, OTHER = NodeKey.generate(), NodeKey.generate(), NodeKey.generate()
TARGET = "/v1/leases?many=4"
BODY = canonical_json({"b": 1, "a": [None, "é"]})


@pytest.fixture
def clock(clock, monkeypatch):
    """What is signed now is signed by it, too."""
    monkeypatch.setattr("synthetic1.pool.signed_request.time.time_ns", lambda: round(clock.now * 1e9))
    return clock


@pytest.fixture
def check(clock):
    return RequestCheck(POOL.node_id, clock=clock)


def signed(key=NODE_KEY, pool=POOL, method="POST", target=TARGET, body=BODY):
    return sign_request(key, pool.node_id, method, target, body)


def refused(check, headers, method="POST", target=TARGET, body=BODY):
    with pytest.raises(RequestRefused) as told:
        check.check(method, target, headers, body)
    assert "\n" not in str(told.value)
    return told.value.status, told.value.reason


def test_a_request_is_its_senders_once(check):
    headers = signed()
    request = check.check("POST", TARGET, headers, BODY)
    assert (request.node, request.body) == (NODE_KEY.node_id, BODY)
    assert refused(check, headers) == (409, "replayed")
    assert check.check("post", TARGET, signed(), BODY).node == NODE_KEY.node_id


def test_bodies_are_sorted_json():
    assert BODY == rb'{"a":[null,"\u00e9"],"b":1}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": float("nan")})


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"target": "/v1/leases?many=5"},
        {"target": "/v1/leases"},
        {"body": BODY + b" "},
        {"body": b""},
    ],
)
def test_another_request_is_not_what_was_signed(check, change):
    assert refused(check, signed(), **change) == (401, "bad_signature")


@pytest.mark.parametrize("target", [TARGET + "\n", "/v1/a b", "/v1/\u00e9", "/\ud800", "/\x00"])
def test_a_target_that_has_two_readings_is_neither_signed_nor_read(check, target):
    assert refused(check, signed(), target=target) == (400, "bad_target")
    with pytest.raises(PoolError, match="cannot be signed"):
        sign_request(NODE_KEY, POOL.node_id, "POST", target, BODY)


def test_a_replay_of_what_was_too_much_costs_nothing_later(clock):
    check = RequestCheck(POOL.node_id, per_minute=2, clock=clock)
    kept = [signed() for _ in range(3)]
    for headers in kept[:2]:
        check.check("POST", TARGET, headers, BODY)
    assert refused(check, kept[2]) == (429, "too_many")
    clock.now += 29
    for _ in range(5):
        assert refused(check, kept[2]) == (409, "replayed")


def test_a_clock_that_is_set_back_lets_nothing_in_twice(clock):
    check = RequestCheck(POOL.node_id, clock=clock)
    first = signed()
    check.check("POST", TARGET, first, BODY)
    clock.now += 3_600
    check.check("POST", TARGET, signed(), BODY)  # by now the first one's nonce is forgotten
    clock.now -= 3_600
    assert refused(check, first) == (409, "replayed")


def test_keys_drawn_by_the_million_share_a_small_number_of_requests(clock):
    check = RequestCheck(POOL.node_id, known=lambda node: node == NODE_KEY.node_id, clock=clock)
    statuses = []
    for _ in range(STRANGERS + 50):
        stranger = NodeKey.generate()
        try:
            check.check("POST", TARGET, signed(stranger), BODY)
            statuses.append(200)
        except RequestRefused as error:
            statuses.append(error.status)
    assert statuses == [200] * STRANGERS + [429] * 50
    assert len(check._left) == 1
    check.check("POST", TARGET, signed(), BODY)  # who has joined does not suffer


@pytest.mark.parametrize("sign", [0, 0x80])
@pytest.mark.parametrize("y", ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f"])
def test_keys_of_small_order_are_none(check, y, sign):
    key = y[:62] + f"{int(y[62:], 16) | sign:02x}"
    assert refused(check, {**signed(), NODE: key}) == (401, "bad_node")


def test_another_pool_node_nonce_or_time_is_not_what_was_signed(check, clock):
    assert refused(check, signed(pool=OTHER)) == (401, "bad_signature")
    assert refused(check, {**signed(), NODE: OTHER.node_id}) == (401, "bad_signature")
    assert refused(check, {**signed(), NONCE: "a" * 32}) == (401, "bad_signature")
    assert refused(check, {**signed(), TIMESTAMP: str(round(clock.now * 1e3) + 1)}) == (401, "bad_signature")
    assert check.check("POST", TARGET, signed(), BODY)  # none of them has cost the node anything


@pytest.mark.parametrize("name", [NODE, NONCE, TIMESTAMP, SIGNATURE])
@pytest.mark.parametrize(
    "value",
    [None, "", "x", "0", "-1", "9" * 17, "0x" + "ab" * 32, "AB" * 32, "zz" * 64, "ab" * 63, "a\nb" * 10, "é" * 32],
)
def test_headers_that_are_none(check, name, value):
    headers = signed()
    headers = {k: v for k, v in headers.items() if k != name} if value is None else {**headers, name: value}
    status, _ = refused(check, headers)
    assert status in (400, 401)


@given(headers=st.fixed_dictionaries({name: st.text(max_size=140) for name in (NODE, NONCE, TIMESTAMP, SIGNATURE)}))
def test_no_header_makes_it_fail_otherwise(headers):
    with pytest.raises(RequestRefused):
        RequestCheck(POOL.node_id).check("POST", TARGET, headers, BODY)


@given(
    first=st.tuples(*[st.text(st.characters(min_codepoint=33, max_codepoint=126))] * 3, st.binary()),
    second=st.tuples(*[st.text(st.characters(min_codepoint=33, max_codepoint=126))] * 3, st.binary()),
)
def test_two_requests_are_two_messages(first, second):
    def message(parts):
        target, nonce, timestamp, body = parts
        return message_of(POOL.node_id, "GET", target, nonce, timestamp, body)

    assert (message(first) == message(second)) == (first == second)


@pytest.mark.parametrize("seconds", [-SKEW_S - 1, SKEW_S + 1])
def test_clocks_that_differ_too_much_are_told_so(check, clock, seconds):
    headers = signed()
    clock.now += seconds
    with pytest.raises(RequestRefused, match="this clock, which shows") as told:
        check.check("POST", TARGET, headers, BODY)
    assert told.value.reason == "clock_skew"


@pytest.mark.parametrize("skew", [-SKEW_S + 1, 0, SKEW_S - 1])
def test_a_replay_is_refused_as_long_as_it_would_pass_for_fresh(check, clock, skew):
    clock.now += skew
    headers = signed()
    clock.now -= skew
    check.check("POST", TARGET, headers, BODY)
    for _ in range(70):
        clock.now += 1
        check.check("POST", TARGET, signed(OTHER), BODY)  # which makes it forget what it may
        assert refused(check, headers)[1] in ("replayed", "clock_skew")


def test_nonces_are_forgotten(check, clock):
    for _ in range(1000):
        clock.now += 1
        check.check("POST", TARGET, signed(), BODY)
    assert len(check._nonces) <= 2 * SKEW_S + 1


def test_after_a_restart_what_was_carried_out_is_refused_and_what_was_not_is_taken(clock):
    early = signed()
    clock.now += 1
    carried_out = signed()
    clock.now += 1
    lost = signed()
    done = RequestCheck(POOL.node_id, clock=clock).check("POST", TARGET, carried_out, BODY)
    again = RequestCheck(POOL.node_id, clock=clock, committed={NODE_KEY.node_id: done.timestamp_ms}.__getitem__)
    assert refused(again, carried_out) == (409, "replayed")
    assert refused(again, early) == (409, "replayed")
    assert again.check("POST", TARGET, lost, BODY).node == NODE_KEY.node_id


def test_who_sends_too_much_waits_and_others_do_not(clock):
    check = RequestCheck(POOL.node_id, per_minute=60, clock=clock)
    for _ in range(60):
        check.check("POST", TARGET, signed(), BODY)
    with pytest.raises(RequestRefused, match="more than 60") as told:
        check.check("POST", TARGET, signed(), BODY)
    assert (told.value.status, told.value.reason) == (429, "too_many")
    assert told.value.retry_after_s == pytest.approx(1.0)
    check.check("POST", TARGET, signed(OTHER), BODY)
    clock.now += 1.01
    check.check("POST", TARGET, signed(), BODY)
    assert refused(check, signed()) == (429, "too_many")


def test_replays_by_others_do_not_use_up_what_a_node_may_send(clock):
    check = RequestCheck(POOL.node_id, per_minute=10, clock=clock)
    headers = signed()
    check.check("POST", TARGET, headers, BODY)
    for _ in range(50):
        assert refused(check, headers) == (409, "replayed")
    for _ in range(9):
        check.check("POST", TARGET, signed(), BODY)


# The key ---------------------------------------------------------------------------------------------------------


def test_a_key_is_made_once_and_is_its_owners(tmp_path):
    path = tmp_path / "new/node.key"
    made = NodeKey.open(path)
    assert NodeKey.open(path).node_id == made.node_id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["node.key"]
    assert is_node_id(made.node_id)
    assert path.read_text().strip() not in repr(made)


def test_processes_that_start_at_once_have_one_key(tmp_path):
    found, barrier = set(), threading.Barrier(8)

    def start():
        barrier.wait()
        found.add(NodeKey.open(tmp_path / "node.key").node_id)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


@pytest.mark.parametrize(
    "content", [b"", b"key", b"ab" * 31, b"AB" * 32, b"ab" * 32 + b"\n\n", b"\xff" * 64, b"ab" * 33]
)
def test_a_file_that_is_no_key_is_left_alone_and_said(tmp_path, content):
    path = tmp_path / "node.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(PoolError, match=r"node\.key"):
        NodeKey.open(path)
    assert path.read_bytes() == content


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "node.key"
    NodeKey.open(path)
    path.chmod(0o644)
    with pytest.raises(PoolError, match="chmod 600"):
        NodeKey.open(path)


@given(node=st.text(max_size=70), signature=st.binary(max_size=70))
def test_what_is_not_a_key_has_signed_nothing(node, signature):
    assert not is_signed(node, b"message", signature)
    assert not is_signed(NODE_KEY.node_id, b"message", signature)
