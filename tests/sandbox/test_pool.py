"""Slots and runs against agents that follow a script: order, retries, early stops, and agents that misbehave."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.sandbox.agent.job import Outcome
from synthetic1.sandbox.agent.wire import PROTOCOL, decode_header, encode, header_length
from synthetic1.sandbox.backend import Backend, Connection
from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable
from synthetic1.sandbox.execution import slot as slot_module
from synthetic1.sandbox.execution.compile_cache import CompileCache
from synthetic1.sandbox.execution.dialogue import DialogueLost
from synthetic1.sandbox.execution.lost_agent import MOST_LOST
from synthetic1.sandbox.execution.pool import Pool
from synthetic1.sandbox.program import Limits, Program
from synthetic1.sandbox.sandbox import Sandbox

FINE = asdict(Outcome(0, None, None, 0.0, 0.0, 0))
ECHO = Program("python", "print(input())")


class Die(Exception):
    """The agent's process ends here."""


class ScriptedAgent(Connection):
    """Echoes stdin, except where ``script(agent, header)`` does something else and says so by returning True."""

    def __init__(self, backend, number):
        self.backend, self.number = backend, number
        self.memory, self.closed, self.seen = [], False, []

    async def start(self):
        ours, its = socket.socketpair()
        self.reader, self.writer = await asyncio.open_connection(sock=ours)
        self._its = await asyncio.open_connection(sock=its)
        self._task = asyncio.create_task(self._serve())
        return self

    def send(self, header, *blobs):
        self._its[1].writelines(encode(header, blobs))

    async def _serve(self):
        reader, writer = self._its
        try:
            if not await self.backend.script(self, {"op": "start"}):
                self.send({"op": "hello", "protocol": PROTOCOL, "memory_limit": "cgroup"})
            left = 0
            while True:
                header, sizes = decode_header(await reader.readexactly(header_length(await reader.readexactly(4))))
                blobs = [await reader.readexactly(size) for size in sizes]
                self.seen.append(header["op"])
                if await self.backend.script(self, header):
                    continue
                if header["op"] == "job":
                    left = header["inputs"]
                elif header["op"] == "input":
                    result = {"op": "result", "outcome": FINE, "interpreter": "fresh"}
                    self.send({**result, "id": header["id"], "index": header["index"]}, blobs[0], b"", b"")
                    left -= 1
                if (left == 0 and header["op"] in ("job", "input")) or header["op"] == "stop":
                    self.send({"op": "done", "id": header["id"], "clean": True})
        except (asyncio.IncompleteReadError, ConnectionError, Die):
            pass
        finally:
            writer.close()

    async def set_memory(self, limit_bytes):
        self.memory.append(limit_bytes)

    def hang_up(self):
        self.closed = True
        self.writer.transport.abort()
        self._task.cancel()

    async def end(self):
        pass

    async def exit_reason(self):
        return f"agent {self.number} died"


class ScriptedBackend(Backend):
    name = "scripted"

    def __init__(self, script=None):
        self.agents = []
        self.given = script

    async def script(self, agent, header):
        return self.given is not None and bool(await self.given(agent, header))

    async def open(self):
        return "follows a script"

    async def connect(self):
        agent = await ScriptedAgent(self, len(self.agents)).start()
        self.agents.append(agent)
        return agent

    async def close(self):
        pass

    @property
    def living(self):
        return [agent for agent in self.agents if not agent.closed]


@pytest.fixture
async def make(tmp_path):
    made = []

    def make(script=None, slots=2):
        backend = ScriptedBackend(script)
        made.append(Sandbox(backend, slots, CompileCache(tmp_path)))
        return made[-1], backend

    yield make
    for sandbox in made:
        await sandbox.aclose()


@pytest.fixture
def impatient(monkeypatch):
    """Agents that say nothing are given up after a moment, not after twenty seconds."""
    for module in ("slot", "run", "build", "dialogue", "lost_agent"):
        monkeypatch.setattr(f"synthetic1.sandbox.execution.{module}.GRACE_S", 0.3)


async def settle(backend, count):
    """Wait until ``count`` agents live: slots are given back behind the caller's back."""
    async with asyncio.timeout(10):
        while len(backend.living) != count:
            await asyncio.sleep(0.01)


# The pool -------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=30), st.integers(1, 4), st.integers(0, 2**32))
def test_slots_are_handed_out_whole_never_twice_and_to_everyone(wishes, size, seed):
    async def play():
        pool, held, served = Pool(ScriptedBackend(), size), set(), set()
        luck = random.Random(seed)

        async def customer(number, count):
            slots = await pool.acquire(count)
            assert len(slots) == count
            assert not held & set(slots)
            held.update(slots)
            served.add(number)
            try:
                for _ in range(luck.randrange(3)):
                    await asyncio.sleep(0)
            finally:
                held.difference_update(slots)
                for slot in slots:
                    pool.release(slot)

        tasks = []
        for number, count in enumerate(wishes):
            tasks.append(asyncio.create_task(customer(number, count)))
            if luck.random() < 0.5:
                await asyncio.sleep(0)
        doomed = {number for number in range(len(tasks)) if luck.random() < 0.2}
        for number in doomed:
            tasks[number].cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks, return_exceptions=True)
        assert set(range(len(wishes))) - doomed <= served
        assert len(await pool.acquire(max(size, *wishes))) == max(size, *wishes), "all are back"

    asyncio.run(play())


async def test_first_come_first_served():
    """Nobody with a small wish overtakes one with a large wish."""
    pool = Pool(ScriptedBackend(), 2)
    held, served = await pool.acquire(2), []

    async def customer(name, count):
        held.extend(await pool.acquire(count))
        served.append(name)

    waiting = [asyncio.create_task(customer(*wish)) for wish in [("a", 1), ("b", 2), ("c", 1), ("d", 1)]]
    history = []
    for _ in range(6):
        await asyncio.sleep(0.01)
        history.append("".join(served))
        if held:
            pool.release(held.pop(0))
    assert history == ["", "a", "a", "ab", "abc", "abcd"]
    await asyncio.gather(*waiting)


async def test_the_slot_used_last_comes_first(make):
    sandbox, backend = make(slots=4)
    for _ in range(5):
        await sandbox.run(ECHO, ["1"])
    assert len(backend.agents) == 1


async def test_slots_work_side_by_side(make):
    meeting = asyncio.Barrier(3)

    async def script(agent, header):
        if header["op"] == "input":
            await meeting.wait()

    sandbox, backend = make(script, slots=3)
    async with asyncio.timeout(10):
        await asyncio.gather(*(sandbox.run(ECHO, ["1"]) for _ in range(3)))
    assert len(backend.agents) == 3


# Runs -----------------------------------------------------------------------------------------------------------------


async def test_results_come_in_the_order_of_inputs(make):
    sandbox, _ = make()
    inputs = [str(number) for number in range(1000)]
    results = await sandbox.run(ECHO, inputs)
    assert [(result.index, result.stdout.decode()) for result in results] == list(enumerate(inputs))
    assert await sandbox.run(ECHO, []) == []


async def test_inputs_wait_on_our_side(make):
    """Ten inputs of a MiB each: no more than the window is on its way."""
    ahead = []

    async def script(agent, header):
        if header["op"] == "input" and header["index"] == 0:
            await asyncio.sleep(0.2)  # everything that will be sent has been sent
            ahead.append(agent.writer.transport.get_write_buffer_size() + len(agent._its[0]._buffer))

    sandbox, _ = make(script)
    big = b"x" * 2**20
    results = await sandbox.run(ECHO, [big] * 10)
    assert [result.stdout == big for result in results] == [True] * 10
    assert 2**20 < ahead[0] <= 4 * 2**20 + 2**16


async def test_the_memory_limit_is_set_when_it_changes(make):
    sandbox, backend = make(slots=1)
    for megabytes in (100, 100, 200, 100):
        await sandbox.run(ECHO, ["1"], Limits(memory_mb=megabytes))
    assert backend.agents[0].memory == [megabytes * 2**20 for megabytes in (100, 200, 100)]


async def test_leaving_early_stops_the_program_and_keeps_the_slot(make):
    async def script(agent, header):
        return header["op"] == "input" and header["index"] == 1  # never answers that one

    sandbox, backend = make(script, slots=1)
    async with sandbox.run(ECHO, ["0", "1", "2"], Limits(cpu_s=1000)) as run:
        async for result in run:
            assert result.stdout == b"0"
            break
    assert [result.stdout for result in await sandbox.run(ECHO, ["again"])] == [b"again"]
    assert "stop" in backend.agents[0].seen
    assert len(backend.agents) == 1


@pytest.mark.usefixtures("impatient")
async def test_a_cancelled_run_keeps_the_slot(make):
    waiting = asyncio.Event()

    async def script(agent, header):
        if header["op"] == "input" and agent.number == 0 and not waiting.is_set():
            # Half a frame: whoever stops listening here must go on here.
            agent._its[1].write(encode({"op": "result", "outcome": FINE})[0][:9])
            waiting.set()
            await asyncio.sleep(0.1)
            frame = b"".join(encode({"op": "result", "outcome": FINE, "id": 1, "index": 0}, [b"", b"", b""]))
            agent._its[1].write(b"")
            agent._rest = frame
            return True
        return False

    sandbox, backend = make(script, slots=1)
    task = asyncio.ensure_future(sandbox.run(ECHO, ["0"], Limits(cpu_s=1000))._all())
    await waiting.wait()
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The rest of that frame never comes, so this agent is given up; nothing hangs, and the slot serves again.
    assert [result.stdout for result in await sandbox.run(ECHO, ["again"])] == [b"again"]
    await settle(backend, 1)


# Failures of ours -----------------------------------------------------------------------------------------------------


async def test_what_was_not_answered_is_asked_again_of_another_agent(make):
    async def script(agent, header):
        if header["op"] == "input" and agent.number == 0 and header["index"] == 2:
            raise Die

    sandbox, backend = make(script)
    results = await sandbox.run(ECHO, ["a", "b", "c", "d"])
    assert [(result.index, result.stdout) for result in results] == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d")]
    assert [agent.closed for agent in backend.agents] == [True, False]
    assert backend.agents[1].seen.count("input") == 2


class Program1Lost:
    """A script: the program loses each agent at its second input, and so does a known program if ``known``."""

    def __init__(self, known):
        self.known, self.first = known, True

    async def __call__(self, agent, header):
        if header["op"] == "job":
            agent.known = "--version" in header["argv"]
        if header["op"] == "input":
            dies = self.known if agent.known else not self.first
            self.first = False
            if dies:
                raise Die


async def test_two_failures_at_one_input_and_one_of_a_known_program_are_an_error_that_says_why(make):
    sandbox, backend = make(Program1Lost(known=True))
    async with sandbox.run(ECHO, ["a", "b"]) as run:
        assert (await anext(run)).stdout == b"a"
        why = "scripted, input 1, twice: agent 1 died; a known program is lost as well: agent 2 died"
        with pytest.raises(SandboxError, match=f"^{why}$"):
            await anext(run)
    await settle(backend, 0)


async def test_a_program_that_loses_a_fresh_agent_too_is_tampered_where_a_known_one_runs(make):
    """Nothing of it is run after that, and the slot serves the next program."""
    sandbox, backend = make(Program1Lost(known=False))
    results = await sandbox.run(ECHO, ["a", "b", "c"])
    assert [(one.index, one.status) for one in results] == [(0, "ok"), (1, "tampered"), (2, "tampered")]
    assert "agent 1 died" in results[1].why
    assert [agent.seen.count("input") for agent in backend.agents] == [2, 1, 1]
    await settle(backend, 1)


@pytest.mark.usefixtures("impatient")
async def test_what_follows_the_last_answer_is_not_the_programs(make):
    """All results are there; an agent that then says nothing, or dies, is thrown away."""

    async def script(agent, header):
        if header["op"] == "input":
            result = {"op": "result", "id": header["id"], "index": 0, "outcome": FINE}
            agent.send(result, b"a", b"", b"")
            if agent.number == 1:
                raise Die
        return header["op"] == "input"

    sandbox, backend = make(script, slots=1)
    for number in range(2):
        assert [(one.status, one.stdout) for one in await sandbox.run(ECHO, ["a"])] == [("ok", b"a")]
        assert len(backend.agents) == number + 1


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_whatever_agents_are_lost_every_input_has_one_result(tmp_path_factory, deaths, count):
    """And few are: a program that loses one now and then does not hold its slot for ever."""
    dying = iter(deaths)

    async def script(agent, header):
        if header["op"] == "job":
            agent.known = "--version" in header["argv"]
        if header["op"] == "input" and not agent.known and next(dying, False):
            raise Die

    async def play():
        backend = ScriptedBackend(script)
        sandbox = Sandbox(backend, 1, CompileCache(tmp_path_factory.mktemp("cache")))
        results = await sandbox.run(ECHO, [str(number) for number in range(count)])
        assert [one.index for one in results] == list(range(count))
        assert {one.status for one in results} <= {"ok", "tampered"}
        assert all(one.stdout == str(one.index).encode() for one in results if one.status == "ok")
        assert len(backend.agents) <= 1 + MOST_LOST
        await sandbox.aclose()

    asyncio.run(play())


async def test_an_agent_that_does_not_start_is_unavailable(make):
    async def script(agent, header):
        raise Die

    sandbox, backend = make(script)
    with pytest.raises(SandboxUnavailable, match=r"^scripted: the agent does not start: agent 0 died$"):
        await sandbox.run(ECHO, ["a"])
    await settle(backend, 0)


MISBEHAVIOUR = {
    "says nothing": (None, "said nothing for"),
    "another job's result": ({"op": "result", "id": 99, "index": 0, "outcome": FINE}, "answered for job 99"),
    "another input's result": ({"op": "result", "index": 5, "outcome": FINE}, "no result of input 0"),
    "no outcome": ({"op": "result", "index": 0}, "no result of input 0"),
    "an outcome that is none": ({"op": "result", "index": 0, "outcome": {"exit_code": 0}}, "no result of input 0"),
    "stopped by itself": ({"op": "result", "index": 0, "outcome": {**FINE, "ended_by": "stop"}}, "no result of input"),
    "done too early": ({"op": "done", "clean": True}, "no result of input 0"),
    "a fault": ({"op": "fault", "why": "OSError: no space"}, "the agent failed: OSError: no space"),
    "noise": (b"GET / HTTP/1.1\r\n\r\n", "does not keep to the protocol"),
    "a header that is none": (b"\0\0\0\2{}", "does not keep to the protocol"),
    "a huge blob": (b"\0\0\0\x24" + b'{"op":"result","blobs":[268435456]}'.ljust(0x24), "268435456 bytes where"),
}


@pytest.mark.parametrize(("frame", "why"), MISBEHAVIOUR.values(), ids=MISBEHAVIOUR.keys())
async def test_an_agent_that_misbehaves_is_replaced_once(make, frame, why, request):
    if frame is None:
        request.getfixturevalue("impatient")

    async def script(agent, header):
        if header["op"] != "input":
            return False
        if isinstance(frame, bytes):
            agent._its[1].write(frame)
        elif frame is not None:
            blobs = [b"", b"", b""] if frame["op"] == "result" else []
            agent.send({"id": header["id"], **frame}, *blobs)
        return True

    sandbox, backend = make(script)
    with pytest.raises(SandboxError, match=f"twice: .*{why}.*; a known program is lost as well: "):
        await sandbox.run(ECHO, ["a"], Limits(cpu_s=0.05, wall_s=0.05))
    assert len(backend.agents) == 3
    await settle(backend, 0)


async def test_an_unclean_agent_is_thrown_away(make):
    async def script(agent, header):
        if header["op"] == "input":
            result = {"op": "result", "id": header["id"], "index": 0, "outcome": FINE}
            agent.send(result, b"a", b"", b"")
            agent.send({"op": "done", "id": header["id"], "clean": False})
        return header["op"] == "input"

    sandbox, backend = make(script, slots=1)
    for _ in range(3):
        assert [result.stdout for result in await sandbox.run(ECHO, ["a"])] == [b"a"]
    await settle(backend, 0)
    assert len(backend.agents) == 3


async def test_an_agent_is_recycled_after_many_jobs(make, monkeypatch):
    monkeypatch.setattr(slot_module, "RECYCLE_AFTER", 3)
    sandbox, backend = make(slots=1)
    for _ in range(7):
        await sandbox.run(ECHO, ["a"])
    assert len(backend.agents) == 3


# Dialogues ------------------------------------------------------------------------------------------------------------


async def test_dialogues_take_their_slots_at_once(make):
    """Each wants three of three, or of four: were slots taken one by one, they would wait for each other for ever."""

    async def script(agent, header):
        if header["op"] == "channel":
            result = {"op": "result", "id": header["id"], "index": 0, "outcome": FINE}
            agent.send({"op": "channel", "id": header["id"]}, b"heard")
            agent.send(result, b"", b"", b"")
            agent.send({"op": "done", "id": header["id"], "clean": True})
        return header["op"] in ("input", "channel", "hangup")

    sandbox, backend = make(script, slots=2)

    async def talk():
        async with sandbox.dialogue([ECHO] * 3) as parties:
            await asyncio.sleep(0)
            for party in parties:
                await party.send(b"say")
            for party in parties:
                assert await party.receive() == b"heard"
                assert await party.receive() is None
                assert (await party.result()).status == "ok"
                await party.send(b"nobody is there")

    async with asyncio.timeout(20):
        await asyncio.gather(*(talk() for _ in range(8)))
    assert len(backend.agents) <= 3


async def test_a_dialogue_left_early_is_stopped(make):
    async def script(agent, header):
        return header["op"] == "input"

    sandbox, backend = make(script)
    async with sandbox.dialogue([ECHO, ECHO], Limits(cpu_s=1000)):
        pass
    await sandbox.run(ECHO, [])
    assert [agent.seen.count("stop") for agent in backend.agents] == [1, 1]


async def test_a_failure_in_a_dialogue_reaches_whoever_waits(make):
    async def script(agent, header):
        if header["op"] == "channel":
            raise Die
        return header["op"] == "input"

    sandbox, _ = make(script)
    async with sandbox.dialogue([ECHO]) as (party,):
        await party.send(b"x")
        for wait in (party.receive, party.receive, party.result):
            with pytest.raises(DialogueLost, match="in a dialogue: agent 0 died"):
                await wait()


@pytest.mark.parametrize("known", [True, False], ids=["a known program is lost as well", "a known program runs"])
async def test_fresh_agents_decide_whose_fault_a_lost_dialogue_is(make, known):
    async def script(agent, header):
        if header["op"] == "job":
            agent.known = "--version" in header["argv"]
        if header["op"] == "channel" or (header["op"] == "input" and agent.known and known):
            raise Die
        return header["op"] == "input" and not agent.known

    sandbox, backend = make(script, slots=1)
    await sandbox.run(ECHO, [])
    async with sandbox.dialogue([ECHO], fresh_agents=True) as (party,):
        await party.send(b"x")
        if known:
            with pytest.raises(SandboxError, match="twice: agent 1 died; a known program is lost as well"):
                await party.receive()
        else:
            assert await party.receive() is None
            assert (await party.result()).status == "tampered"
    assert [agent.closed for agent in backend.agents[:2]] == [True, True]


# The end --------------------------------------------------------------------------------------------------------------


async def test_closing_ends_what_runs_and_what_waits(make):
    async def script(agent, header):
        return header["op"] == "input"

    sandbox, backend = make(script, slots=1)
    running = [asyncio.ensure_future(sandbox.run(ECHO, ["a"], Limits(cpu_s=1000))._all()) for _ in range(3)]
    while not backend.agents or "input" not in backend.agents[0].seen:
        await asyncio.sleep(0.01)
    await sandbox.aclose()
    async with asyncio.timeout(10):
        for error in await asyncio.gather(*running, return_exceptions=True):
            assert isinstance(error, SandboxError)
    assert backend.living == []
    with pytest.raises(SandboxError, match="was closed"):
        await sandbox.run(ECHO, ["a"])
    await sandbox.aclose()


async def test_closing_ends_agents_that_are_just_starting(make):
    starting, go = asyncio.Event(), asyncio.Event()

    class Slow(ScriptedBackend):
        async def connect(self):
            starting.set()
            await go.wait()
            return await super().connect()

    sandbox, _ = make(slots=1)
    backend = sandbox._pool._slots[0].backend = Slow()
    cancelled, running = (asyncio.ensure_future(sandbox.run(ECHO, ["a"])._all()) for _ in range(2))
    await starting.wait()
    cancelled.cancel()
    await asyncio.sleep(0.05)  # the second one has the slot now
    closing = asyncio.ensure_future(sandbox.aclose())
    await asyncio.sleep(0.05)
    assert not closing.done()
    go.set()
    await closing
    assert [agent.closed for agent in backend.agents] == [True, True]
    with pytest.raises(SandboxError, match="was closed"):
        await running


def test_a_sandbox_belongs_to_one_loop(tmp_path):
    sandbox = Sandbox(ScriptedBackend(), 1, CompileCache(tmp_path))

    async def use():
        await sandbox.run(ECHO, ["a"])

    asyncio.run(use())
    with pytest.raises(SandboxError, match="another event loop"):
        asyncio.run(use())


def test_a_forked_child_starts_agents_of_its_own(tmp_path):
    sandbox = Sandbox(backend := ScriptedBackend(), 1, CompileCache(tmp_path))

    async def use(answer):
        assert [result.stdout for result in await sandbox.run(ECHO, [answer])] == [answer]

    async def parent():
        await use(b"parent")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                asyncio._set_running_loop(None)
                asyncio.run(use(b"child"))
                code = 0 if len(backend.agents) == 2 else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        await use(b"parent again")
        assert len(backend.agents) == 1
        await sandbox.aclose()

    asyncio.run(parent())
