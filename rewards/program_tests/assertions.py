"""Assertion tests, as HumanEval has them: ``check(candidate)`` in one slot, the candidate in another.

The assertions call a stand-in whose arguments and results cross as plain values, by way of this process. So the
candidate never sees the assertions, and what it returns has no methods of its own on the other side: numbers, strings,
bytes, tuples, lists, sets, dicts and iterators come out as exactly those types. Objects of classes that the prelude
defines (``ListNode``) cross as what their attributes hold, and come out as objects of the prelude's classes.

A ``prelude`` (HumanEval's prompt) stands before the assertions, which may use what it defines, and before the
completion, which may leave out what the prompt has shown; the assertions never see the completion's code. The function
is looked for as calls do: a method of the completion's class ``Solution``, then a top-level name, and what the
completion binds comes before what the prelude does. Assertions may name further functions of the candidate, or make
its ``Solution``.

Tests that need live objects cannot be run like that, nor can those of other languages than Python. They run in one
process with the candidate, which could cheat them, and the details say ``trust: "shared"``. The task alone decides
that: by its language, by declaring ``"trust": "shared"``, or when its assertions pass an argument that cannot cross,
such as a function. A candidate that returns a live object where plain values are asked for is wrong. Arguments cross as
copies. What a function leaves in them comes back only if it returned None, as one that works in place does: another one
could change what an assertion compares its result with.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.rewards.program_tests.shared_assertions import FUNCTION, answer_to, program_with_assertions
from synthetic1.rewards.program_tests.spec import Assertions
from synthetic1.sandbox.execution.dialogue import DialogueLost, Party
from synthetic1.sandbox.execution.planning import answer_of
from synthetic1.sandbox.languages.python import PRELUDE
from synthetic1.sandbox.program import Call, Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.sandbox.sandbox import Sandbox

CALL = "synthetic1_call"
WHY_CAP = 200  # characters


class AssertionsFault(Exception):
    """The task's assertions fail by themselves. One line."""


@dataclass(frozen=True)
class Asserted:
    """What became of an assertion test."""

    status: str
    """``ok``, ``wrong_answer``, or the status of the candidate's ``Result``."""
    why: str
    result: Result
    """The candidate's."""
    shared: bool = False


async def check_assertions(sandbox: Sandbox, assertions: Assertions, program: Program, limits: Limits) -> Asserted:
    """Run the test of ``program``, which is compiled by the standard that its language names.

    Raises:
        AssertionsFault: the assertions cannot be loaded, or fail before they have asked anything.
        SandboxError: the sandbox failed.
    """
    apart = None
    if not assertions.shared:
        try:
            apart = await _check_apart(sandbox, assertions, program.source, limits)
        except DialogueLost:  # a fresh agent decides whose fault that was
            apart = await _check_apart(sandbox, assertions, program.source, limits, fresh_agents=True)
    return apart or await _check_together(sandbox, assertions, program, limits)


async def _check_apart(
    sandbox: Sandbox, assertions: Assertions, source: str, limits: Limits, *, fresh_agents: bool = False
) -> Asserted | None:
    """None if an argument cannot cross."""
    asserting = Program("python", _asserting_program(assertions))
    candidate = Program("python", f"{source}\n\n{_text('assertion_candidate')}", _prelude(assertions))
    async with sandbox.dialogue([asserting, (candidate, CALL)], limits, fresh_agents=fresh_agents) as (asks, answers):
        dialogue = _Dialogue(asks, answers)
        said = await dialogue.relay()
        if "live" in said:
            return None
        if "passed" in said and not dialogue.calls:
            raise AssertionsFault(f"the assertions never call `{assertions.entry_point}`")
        if "broken" in said or not dialogue.calls:
            how = said.get("broken") or said.get("failed") or (await asks.result()).why
            raise AssertionsFault(f"the assertions fail before any call: {how}"[:WHY_CAP])
        await answers.hangup()
        result = await answers.result()
        if result.status != "ok":
            return Asserted(result.status, result.why, result)
        if dialogue.ended:
            return Asserted("tampered", f"it ended instead of answering call {dialogue.calls}", result)
        if dialogue.tampered or dialogue.unread or await answers.receive() is not None:
            return Asserted("tampered", dialogue.tampered or "it wrote to the channel unasked", result)
        if dialogue.wrong:
            return Asserted("wrong_answer", dialogue.wrong, result)
        if "passed" in said:
            return Asserted("ok", "", result)
        if "raised" in said:
            return Asserted("runtime_error", f"call {dialogue.calls} raised {said['raised']}", result)
        why = f"an assertion fails after {dialogue.calls} calls"
        if "failed" not in said:  # a value that is too large or too much for the assertions
            why = f"the assertions end with {(await asks.result()).status} after {dialogue.calls} calls"
        return Asserted("wrong_answer", why, result)


@dataclass
class _Dialogue:
    """Passes calls on, and answers back."""

    asks: Party
    answers: Party
    calls: int = 0
    ended: bool = False
    """The candidate ended when it should have answered."""
    tampered: str = ""
    """What the candidate did that no honest one does."""
    wrong: str = ""
    _asked: bytes = b""
    _answered: bytes = b""

    @property
    def unread(self) -> bytes:
        """What the candidate wrote and nobody asked for."""
        return self._answered

    async def relay(self) -> dict[str, Any]:
        """Until the assertions end, or the candidate does: what was said last, or nothing."""
        values = _text("assertion_values")
        while True:
            line, self._asked = await _line(self.asks, self._asked)
            if line is None:
                return {}
            said: dict[str, Any] = json.loads(line)
            if "call" not in said:
                return said
            self.calls += 1
            nonce = secrets.token_hex(8)
            call = [said["call"], said["function"], said["instance"], said["classes"], values]
            request = f"{nonce} {json.dumps(call)}\n"
            await self.answers.send(request.encode("ascii"))
            line, self._answered = await _line(self.answers, self._answered)
            if line is None:
                self.ended = True
                return {}
            answer = self._read(line, nonce)
            if answer is None:
                return {}
            await self.asks.send(json.dumps(answer).encode("ascii") + b"\n")

    def _read(self, line: bytes, nonce: str) -> dict[str, Any] | None:
        """What the candidate answered; None if it is nothing that the assertions can use."""
        text = answer_of(line, nonce)
        try:
            answer = json.loads(json.loads(text or "null"))
        except (TypeError, ValueError, RecursionError):
            answer = None
        match answer:
            case {"value": _, **rest} if not rest:
                return {"value": answer["value"]}
            case {"value": None, "left": _, **rest} if not rest:
                return {"value": None, "left": answer["left"]}
            case {"raised": [str(), str()], **rest} if not rest:
                return {"raised": answer["raised"]}
            case {"live": str(live), **rest} if not rest:
                self.wrong = f"call {self.calls} returned {live}"[:WHY_CAP]
            case _:
                self.tampered = f"call {self.calls} brought something else than one answer"
        return None


async def _line(party: Party, unread: bytes) -> tuple[bytes | None, bytes]:
    """The next line of what a program writes, with its newline, and what follows; None at the end."""
    pieces = [unread]
    while b"\n" not in pieces[-1]:
        piece = await party.receive()  # bounded by the program's limits
        if piece is None:
            return None, b""
        pieces.append(piece)
    line, newline, rest = b"".join(pieces).partition(b"\n")
    return line + newline, rest


async def _check_together(sandbox: Sandbox, assertions: Assertions, program: Program, limits: Limits) -> Asserted:
    """In one process. The candidate can reach the assertions."""
    both = Program(program.language, program_with_assertions(assertions, program.source), _prelude(assertions))
    [result] = await sandbox.run(both, [Call(FUNCTION, ())], limits, fresh=True)
    if result.status == "ok":
        passed = result.returned == json.dumps(answer_to(assertions, program.source))
        return Asserted("ok" if passed else "tampered", "" if passed else "check did not end", result, shared=True)
    if result.status == "runtime_error" and _is_assertion(result, assertions.language):
        return Asserted("wrong_answer", "an assertion fails", result, shared=True)
    return Asserted(result.status, result.why, result, shared=True)


def _is_assertion(result: Result, language: str) -> bool:
    """Whether an assertion ended a program, as far as it says."""
    said = result.stderr.decode("utf-8", errors="replace")
    return _raised(result) == "AssertionError" if language == "python" else "assertion" in said.lower()


def _raised(result: Result) -> str:
    """The exception that ended a Python program."""
    lines = result.stderr.decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1].partition(":")[0] if lines else ""


def _asserting_program(assertions: Assertions) -> str:
    arguments = ", ".join(map(json.dumps, (assertions.prelude, assertions.code, assertions.entry_point)))
    return f"{_text('assertion_values')}\n\n{_text('assertion_main')}\n\nchannel.tell(main({arguments}))\n"


def _prelude(assertions: Assertions) -> dict[str, bytes]:
    """The file that the call harness runs before the candidate."""
    if assertions.language != "python":
        return {}
    return {PRELUDE: assertions.prelude.encode("utf-8", errors="surrogatepass")}


def _text(module: str) -> str:
    """The source of one of the files beside this one that run in the sandbox, without what only stands for itself."""
    text = Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("from __future__", "from synthetic1")))
