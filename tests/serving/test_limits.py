"""Clients that are wrong, slow, huge or gone: the right status for them, and nobody else is harmed."""

from __future__ import annotations

import base64
import json
import re
import socket
import time
from contextlib import suppress

import pytest

from synthetic1.serving.admission import Admission
from synthetic1.serving.exposition import Exposition
from synthetic1.serving.guard import Guard, respond
from synthetic1.serving.settings import ServingSettings

RIGHT = r"\boxed{2}"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[]", 422, "object"),
        (b"null", 422, "object"),
        ({"task": {}, "completion": "x"}, 422, "task: "),
        ({"task": {"task_id": ""}, "completion": "x"}, 422, "task_id"),
        ({"task": {"task_id": "x", "prompt": "y"}, "completion": "x"}, 422, "problem_id is missing"),
        ({"task": {"problem_id": 1, "task_type": 2, "prompt": "p"}, "completion": "x"}, 422, "task_type must be"),
        ({"task": {"task_id": "nobody"}, "completion": "x"}, 404, "has no task `nobody`"),
        ({"task": {"task_id": "x"}}, 422, "completion: Field required"),
        ({"task": {"task_id": "x"}, "completion": 5}, 422, "completion"),
        ({"task": {"task_id": "x"}, "completion": {"text": "x"}}, 422, "completion"),
        ({"task": {"task_id": "x"}, "completion": {"thinking_open": "yes"}}, 422, "thinking_open: Input should be a v"),
        (
            {"task": {"task_id": "x"}, "completion": {"content": 5}},
            422,
            "completion.content: Input should be a valid str",
        ),
        ({"task": {"task_id": "x"}, "completion": "x", "complection": "x"}, 422, "complection"),
    ],
)
def test_a_wrong_request_is_told_in_one_line(server, body, status, said):
    got, _, answer = server.ask("/v1/score", body)
    assert got == status
    assert said in answer["error"]
    assert "\n" not in answer["error"]
    assert len(answer["error"]) < 600


def test_a_label_is_told_what_its_own_kind_lacks(server):
    body = {"query": ["p"], "prompts": ["p"], "labels": [{"problem_id": "1", "prompt": "p"}]}
    status, _, answer = server.ask("/get_reward", body)
    assert (status, answer["error"][:40]) == (422, "labels.0: a task needs problem_id, task_")
    assert server.ask("/get_reward", {**body, "labels": [5]})[2]["error"].startswith(
        "labels.0: Input should be a valid"
    )


def test_a_batch_says_which_pair_is_wrong(server, row):
    good, bad = {"task": row, "completion": RIGHT}, {"task": {"task_id": "nobody"}, "completion": RIGHT}
    status, _, answer = server.ask("/v1/score_batch", {"pairs": [good, bad]})
    assert (status, answer["error"].startswith("pairs.1.task: ")) == (404, True)
    assert server.ask("/v1/score_batch", {"pairs": [good] * 101})[0] == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong-key-wrong-key"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer a-key-for-the-tests-onlyX"}, 401),
        ({"Authorization": "Basic !!!"}, 401),
        ({"Authorization": "Digest a-key-for-the-tests-only"}, 401),
        ({"Authorization": "bearer a-key-for-the-tests-only"}, 200),
        ({"Authorization": "Basic " + base64.b64encode(b"any:a-key-for-the-tests-only").decode()}, 200),
    ],
)
@pytest.mark.parametrize("path", ["/v1/score", "/v1/families", "/metrics", "/nowhere"])
def test_only_who_has_the_key_is_served(server, row, headers, status, path):
    body = {"task": row, "completion": RIGHT} if path == "/v1/score" else None
    got, told, _ = server.ask(path, body, key=None, **headers)
    assert got == (404 if status == 200 and path == "/nowhere" else status)
    assert ("www-authenticate" in told) == (got == 401)


@pytest.mark.parametrize(
    ("host", "settings", "status"),
    [
        ("localhost", {}, 200),
        ("LOCALHOST:8080", {}, 200),
        ("127.0.0.1:1", {}, 200),
        ("[::1]:8080", {}, 200),
        ("[::1]", {}, 200),
        ("127.0.0.2:8080", {"host": "127.0.0.2"}, 200),
        ("127.0.0.2:8080", {}, 421),
        ("attacker.example", {}, 421),
        ("localhost.attacker.example:8080", {}, 421),
        ("127.0.0.1.attacker.example", {}, 421),
        ("localhost:x", {}, 421),
        ("", {}, 421),
        ("attacker.example", {"api_key": "a-key-for-the-tests-only"}, 401),
        ("rewards.example", {"host": "0.0.0.0", "without_key": True}, 200),
    ],
)
async def test_a_page_that_gives_this_machine_its_name_is_not_served(host, settings, status):
    async def app(scope, receive, send):
        await respond(send, 200, b"{}")

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message.get("status"))

    sent = []
    admission = Admission(1, 0)
    guard = Guard(app, {}, ServingSettings(**settings), admission, Exposition((), (), admission))
    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": [(b"host", host.encode())]}
    await guard(scope, receive, send)
    assert sent[0] == status


def test_only_json_is_taken(server, row):
    """What a page of another site can send without asking is not: plain text, and forms."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert server.ask("/v1/score", {"task": row, "completion": RIGHT}, **{"Content-Type": kind})[0] == 415
    body = {"task": row, "completion": RIGHT}
    assert server.ask("/v1/score", body, **{"Content-Type": "Application/JSON; charset=utf-8"})[0] == 200


def head(server, *lines, path="/v1/score"):
    told = (f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *lines)
    return "\r\n".join((*told, "Authorization: Bearer a-key-for-the-tests-only", "", "")).encode()


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def answer_of(connection):
    """The status of a response, which is read whole; 0 where the connection is closed without one."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return 0
        data += part
    told, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", told, re.IGNORECASE)[1])
    while len(body) < length:
        body += connection.recv(65536)
    return int(data.split()[1])


def test_a_body_that_is_too_large_is_refused_at_its_head(server, row):
    with connect(server) as connection:
        connection.sendall(head(server, "Content-Length: 52428800"))
        assert answer_of(connection) == 413  # and no byte of it was sent
    with connect(server) as connection:
        connection.sendall(head(server, "Content-Length: 52428800", "Expect: 100-continue"))
        assert answer_of(connection) == 413


def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_large(server):
    with connect(server) as connection:
        connection.sendall(head(server, "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        for _ in range(17):
            connection.sendall(chunk)
        assert answer_of(connection) == 413


def test_fifty_megabytes_are_answered_and_not_kept(server, row):
    before = server.metric("process_resident_memory_bytes")
    status, _, answer = server.ask("/v1/score", b" " * 50_000_000)
    assert (status, "1,048,576 bytes" in answer["error"]) == (413, True)
    assert server.metric("process_resident_memory_bytes") - before < 25e6
    assert server.ask("/v1/score", {"task": row, "completion": RIGHT})[2]["score"] == 1


HEAD = 64 * 2**10


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["X: " + "a" * (HEAD - 1000)], 401),
        (["X: " + "a" * HEAD], 431),
        (["X: a"] * (HEAD // 6), 431),
        (["X: " + "a" * 1000] * 50, 401),
    ],
)
def test_a_head_that_is_too_large_is_refused_without_a_key(server, lines, status):
    with connect(server) as connection:
        connection.sendall("\r\n".join(("GET /metrics HTTP/1.1", "Host: x", *lines, "", "")).encode())
        assert answer_of(connection) == status


@pytest.mark.parametrize("begin", [b"GET /metrics HTTP/1.1\r\nX: ", b"GET /", b"GET /metrics HTTP/1.1\r\nX"])
def test_a_head_without_an_end_is_not_kept(server, begin):
    with connect(server) as connection:
        connection.sendall(begin + b"a" * HEAD)
        assert answer_of(connection) == 431
        assert connection.recv(1000) == b""  # and it is over
    assert server.ask("/healthz")[0] == 200


def test_trailers_without_an_end_are_not_kept(server):
    with connect(server) as connection:
        connection.sendall(head(server, "Transfer-Encoding: chunked") + b"1\r\n \r\n0\r\nX: ")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):  # the response is to what came before
            connection.sendall(b"a" * 200 * HEAD)


def test_the_body_is_no_part_of_the_head(server, row):
    body = json.dumps({"task": row, "completion": RIGHT + " " * 3 * HEAD}).encode()
    with connect(server) as connection:
        for _ in range(2):
            connection.sendall(head(server, f"Content-Length: {len(body)}") + body)
            assert answer_of(connection) == 200


def test_slow_clients_are_cut_off_and_others_served(server, row):
    """Nothing, half a head, half a body, and one that is answered but goes on: the limit here is 2 s."""
    silent, slow_head, slow_body, late = (connect(server) for _ in range(4))
    slow_head.sendall(b"POST /v1/score HTTP/1.1\r\nHost: x\r\n")
    slow_body.sendall(head(server, "Content-Length: 100") + b'{"task"')
    late.sendall(head(server, "Content-Length: 52428800") + b" " * 1000)
    assert answer_of(late) == 413
    for _ in range(20):
        assert server.ask("/v1/score", {"task": row, "completion": RIGHT})[2]["score"] == 1
    for connection, status in ((silent, 0), (slow_head, 408), (slow_body, 408)):
        assert answer_of(connection) == status
    with suppress(ConnectionResetError):  # either way it is over; a connection that is kept would time out here
        while late.recv(1000):
            pass
    for connection in (silent, slow_head, slow_body, late):
        connection.close()


def test_a_connection_is_used_again(server, row):
    body = json.dumps({"task": row, "completion": RIGHT}).encode()
    with connect(server) as connection:
        for _ in range(3):
            connection.sendall(head(server, f"Content-Length: {len(body)}") + body)
            assert answer_of(connection) == 200


def counts(server, waiting_row):
    return server.ask("/v1/score", {"task": waiting_row(0), "completion": "counts"})[2]["details"]


def wait_for(condition):
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


@pytest.mark.parametrize("path", ["/v1/score", "/v1/score_batch"])
def test_who_goes_away_leaves_no_work_behind(server, waiting_row, path):
    before, gone = counts(server, waiting_row), server.metric("synthetic1_clients_gone_total")
    pair = {"task": waiting_row(600), "completion": "x"}
    body = json.dumps(pair if path == "/v1/score" else {"pairs": [pair, pair]}).encode()
    with connect(server) as connection:
        connection.sendall(head(server, f"Content-Length: {len(body)}", path=path) + body)
        wait_for(lambda: counts(server, waiting_row)["started"] > before["started"])
    wait_for(lambda: counts(server, waiting_row)["cancelled"] > before["cancelled"])
    wait_for(lambda: server.metric("synthetic1_requests_in_flight") == 0)
    assert server.metric("synthetic1_clients_gone_total") == gone + 1


def test_malformed_http_is_refused(server):
    for data in (b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"POST /v1/score HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
        with connect(server) as connection:
            connection.sendall(data)
            assert answer_of(connection) in (0, 400)
    assert server.ask("/healthz")[0] == 200
