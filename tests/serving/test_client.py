"""The clients: the same verdicts from elsewhere, patience with a server that is full, one line where it refuses."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from synthetic1 import Completion, Task, Verdict, score
from synthetic1.serving.client import Address, AsyncRewardClient, RewardClient, RewardServerError, written_pair
from synthetic1.serving.endpoints import completion_of
from synthetic1.serving.wire import PairOnWire

KEY = "a-key-for-the-tests-only"
RIGHT = r"It is \boxed{2}."
VERDICT = {"score": 1.0, "reason": "correct", "answer": None, "details": {}, "verifier": None}


@pytest.fixture(params=["sync", "async"])
def ask(request):
    """``ask(url, method, *arguments)`` through either client."""

    def through(url, method, *arguments, **settings):
        if request.param == "sync":
            return getattr(RewardClient(url, **settings), method)(*arguments)

        async def go():
            async with AsyncRewardClient(url, **settings) as client:
                return await getattr(client, method)(*arguments)

        return asyncio.run(go())

    return through


def test_verdicts_are_those_of_scoring_here(server, row, ask):
    task = Task.from_row(row)
    for named in (task, row):
        assert ask(server.url, "score", named, RIGHT, api_key=KEY) == score(task, RIGHT)
    pairs = [(task, RIGHT), ("math/embedded/fractions/1", "x"), (task, Completion.parse(RIGHT, thinking_open=True))]
    verdicts = ask(server.url, "score_many", pairs, api_key=KEY)
    assert [verdict.reason for verdict in verdicts] == ["correct", "no_answer", "no_answer"]
    lost = ask(server.url, "score", {**row, "task_type": "nothing"}, RIGHT, api_key=KEY)
    assert (lost.score, lost.reason) == (None, "unscorable_task")


@pytest.mark.parametrize(
    "completion",
    [
        Completion.parse("a"),
        Completion.parse("<think>a</think>b", finish_reason="stop"),
        Completion.parse("a</think>b"),
        Completion.parse("a", thinking_open=True, finish_reason="length"),
        Completion.parse("<think>a", thinking_open=True),
        Completion.parse("<think>a"),
        Completion.from_parts("a", "b"),
        Completion.from_parts("a", None),
        Completion.from_parts(None, None),
    ],
)
def test_a_completion_comes_out_as_it_went_in(row, completion):
    pair = PairOnWire.model_validate_json(json.dumps(written_pair(row, completion)))
    assert completion_of(pair.completion) == completion


@pytest.mark.parametrize(
    "completion",
    [
        Completion("so 3, I say 2", "so 3", "I say 2", "stop"),
        Completion("a</think>b</think>c", "a", "b</think>c"),
        Completion("<think>a", None, "<think>a"),
        Completion("a", None, None),
        Completion("a", "", None),
    ],
)
def test_a_split_of_ones_own_is_kept(row, completion):
    pair = PairOnWire.model_validate_json(json.dumps(written_pair(row, completion)))
    found = completion_of(pair.completion)
    parts = (found.reasoning, found.answer, found.finish_reason)
    assert parts == (completion.reasoning, completion.answer, completion.finish_reason)


def test_a_broken_completion_harms_no_other(server, row, ask):
    task = Task.from_row(row)
    texts = [RIGHT, f"\ud83c{RIGHT}", "\ud83c\udfb2", Completion.parse("\udfb2")]
    verdicts = ask(server.url, "score_many", [(task, text) for text in texts], api_key=KEY)
    assert [verdict.reason for verdict in verdicts] == [score(task, text).reason for text in texts]
    assert [verdict.score for verdict in verdicts] == [1, 1, 0, 0]


def test_the_key_may_stand_in_the_address_and_is_never_shown(server, row, ask):
    url = f"http://any:{KEY}@127.0.0.1:{server.port}/"
    assert ask(url, "score", row, RIGHT).score == 1
    with pytest.raises(RewardServerError, match=f"^http://127.0.0.1:{server.port} answered 404") as error:
        ask(url, "score", "nobody", RIGHT)
    assert KEY not in str(error.value)
    with pytest.raises(RewardServerError, match=r"^http://127.0.0.1:9 cannot be reached") as error:
        ask(f"http://any:{KEY}@127.0.0.1:9", "score", row, RIGHT, tries=1)
    assert KEY not in str(error.value)
    for wrong in (
        f"any:{KEY}@host:8080",
        f"http://any:{KEY}@host:port",
        f"http://any:{KEY}/@host",
        f"//any:{KEY}@host",
    ):
        with pytest.raises(ValueError, match="url must be such as") as wrong_url:
            RewardClient(wrong)
        assert KEY not in str(wrong_url.value)
    assert Address.read("http://any:a%20key@[::1]:80/x/", None, 1, 1) == Address("http://[::1]:80/x", "a key", 1, 1)
    assert Address.read("http://any:one@h", "two", 1, 1).api_key == "two"


def test_without_aiohttp_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ModuleNotFoundError, match=r"`aiohttp` is not installed; run: pip install 'synthetic1\[\w+\]'"):
        AsyncRewardClient("http://127.0.0.1:9")


def test_a_refusal_is_said_in_one_line(server, row, ask, monkeypatch):
    with pytest.raises(RewardServerError, match=r"answered 401: no valid API key") as error:
        ask(server.url, "score", row, RIGHT, api_key="another-key-altogether")
    assert error.value.status == 401
    with pytest.raises(RewardServerError, match="has no task `nobody`"):
        ask(server.url, "score", "nobody", RIGHT, api_key=KEY)
    monkeypatch.setenv("SYNTHETIC1_API_KEY", KEY)
    assert ask(server.url, "score", row, RIGHT) == score(Task.from_row(row), RIGHT)
    with pytest.raises(RewardServerError, match="cannot be reached") as error:
        ask("http://127.0.0.1:9", "score", row, RIGHT, tries=1)
    assert error.value.status is None
    with pytest.raises(ValueError, match="url must be such as"):
        RewardClient("localhost:8080")


def test_a_server_that_is_full_is_asked_again(row, ask):
    answers = [(503, b'{"error": "full"}'), (429, b"slow down"), (0, b""), (200, json.dumps(VERDICT).encode())]
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = left.pop(0)
            if not status:
                return  # and the connection ends
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as full:
        threading.Thread(target=full.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{full.server_port}/"
        assert ask(url, "score", row, RIGHT) == Verdict(1.0, "correct")
        left = answers[:1] * 3
        with pytest.raises(RewardServerError, match="answered 503: full"):
            ask(url, "score", row, RIGHT, tries=3)
        assert left == []
        left = [(400, b"{}"), (200, b"")]
        with pytest.raises(RewardServerError, match="answered 400"):
            ask(url, "score", row, RIGHT)
        assert len(left) == 1
        full.shutdown()
