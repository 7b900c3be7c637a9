"""Worker processes for symbolic comparison, killed when they take too long: nothing here can hang its caller."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from synthetic1.rewards.math_answers.compare import SymbolicQuestion
from synthetic1.rewards.math_answers.symbolic import Unparseable

REMEMBERED = 50_000  # answers
SLOW_AFTER_S = 0.1
"""What a comparison may take before it gives its place to the next one; a few honest ones in thousands take longer."""
MOST_SLOWDOWN = 10
"""A worker that has got so little of the processor, one part in so many, says nothing about its formula."""
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_S = 60.0  # for the fork server to import sympy on a busy machine


class OverLimit(Exception):
    """A comparison reached a limit: ``time``, ``memory`` or ``nesting``."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class WorkersFailed(RuntimeError):
    """The workers cannot be started or die by themselves."""


@dataclass
class _Worker:
    pid: int
    connection: socket.socket


class SymbolicPool:
    """Answers questions of ``compare``, on the event loop that first asks.

    Args:
        workers: how many comparisons may run at once; as many more that have turned out to be slow may run beside them,
            so that the quick ones, almost all, do not queue behind those.
        deadline_s: seconds of processor time one may take; then its worker is killed. On a busy machine that takes
            longer by the clock: how busy a machine is must not decide what an answer is worth.
    """

    def __init__(self, workers: int, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._free: list[_Worker] = []
        self._slots = asyncio.Semaphore(workers)
        self._slow = asyncio.Semaphore(workers)
        self._starting = asyncio.Lock()
        self._fork_server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._known: OrderedDict[SymbolicQuestion, bool | str] = OrderedDict()
        self._asked: dict[SymbolicQuestion, asyncio.Future[bool | str]] = {}

    async def ask(self, question: SymbolicQuestion) -> bool:
        """The answer to ``question``.

        Raises:
            Unparseable: the gold cannot be read.
            OverLimit: the comparison took too long or too much.
            WorkersFailed: no worker could be had, or the machine is too busy for any.
        """
        reply = self._known.get(question)
        if reply is None:
            reply = await self._shared(question)
        else:
            self._known.move_to_end(question)
        if isinstance(reply, bool):
            return reply
        if reply.startswith("unparseable"):
            raise Unparseable(reply.partition(": ")[2])
        if reply.startswith("failed"):
            return False  # a defect of the parser's or sympy's on this pair: not shown equal
        raise OverLimit(reply)

    async def _shared(self, question: SymbolicQuestion) -> bool | str:
        """One piece of work for all who ask the same at once."""
        waiting = self._asked.get(question)
        if waiting is not None:
            return await asyncio.shield(waiting)
        future = self._asked[question] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._work(question)
            self._known[question] = reply
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            future.set_result(reply)
            return reply
        except BaseException as error:
            # the others ask again themselves; a cancelled asker must not cancel them
            future.set_exception(WorkersFailed(f"the asker before failed: {type(error).__name__}"))
            future.exception()
            raise
        finally:
            del self._asked[question]

    async def _work(self, question: SymbolicQuestion) -> bool | str:
        await self._slots.acquire()
        place = self._slots
        try:
            for attempt in (1, 2):
                worker = await self._take()
                begun = _cpu_s(worker.pid)
                work = asyncio.ensure_future(_exchange(worker, question))
                try:
                    done, _ = await asyncio.wait({work}, timeout=SLOW_AFTER_S)
                    if not done:
                        if place is self._slots and not self._slow.locked():
                            await self._slow.acquire()  # at once: it is not locked
                            self._slots.release()
                            place = self._slow
                        if not await self._until_deadline(worker, work, begun):
                            await _drop(worker, work)
                            return "time"
                    reply = work.result()
                except (OSError, EOFError, ValueError):
                    await _drop(worker, work)
                    if attempt == 2:  # twice, each on a fresh worker: it is the formula that kills them
                        return "memory"
                    continue
                except BaseException:
                    await _drop(worker, work)
                    raise
                self._free.append(worker)
                return reply
        finally:
            place.release()
        raise AssertionError("two attempts end the work")

    async def _until_deadline(self, worker: _Worker, work: asyncio.Future[bool | str], begun: float) -> bool:
        """Whether a comparison ends before its worker has had all its time, of which ``SLOW_AFTER_S`` are over already.

        Raises:
            WorkersFailed: the worker gets next to nothing of the processor.
        """
        left, patience = self._deadline_s - SLOW_AFTER_S, MOST_SLOWDOWN * self._deadline_s
        while left > 0:
            if patience <= 0:
                raise WorkersFailed(f"the machine is too busy: a comparison got {self._deadline_s - left:.1f} s of it")
            done, _ = await asyncio.wait({work}, timeout=max(left, TICK_S))
            if done:
                return True
            patience -= max(left, TICK_S)
            left = self._deadline_s - (_cpu_s(worker.pid) - begun)
        return False

    async def _take(self) -> _Worker:
        if self._free:
            return self._free.pop()
        async with self._starting:
            return await asyncio.get_running_loop().run_in_executor(None, self._fork)

    def _fork(self) -> _Worker:
        """A new worker, in 15 ms; the first one waits for the fork server. Blocks; runs in a thread."""
        for attempt in (1, 2):
            try:
                if self._fork_server is None or self._fork_server.poll() is not None:
                    self._start_fork_server()
                assert self._control is not None
                ours, theirs = socket.socketpair()
                with theirs:
                    socket.send_fds(self._control, [b"f"], [theirs.fileno()])
                pid = int.from_bytes(_received(self._control, 4), "big")
                ours.setblocking(False)
                return _Worker(pid, ours)
            except (OSError, EOFError) as error:
                self._stop_fork_server()
                if attempt == 2:
                    raise WorkersFailed(f"the comparison workers do not start: {error}") from None
        raise AssertionError("two attempts return or raise")

    def _start_fork_server(self) -> None:
        ours, theirs = socket.socketpair()
        argv = [sys.executable, "-m", "synthetic1.rewards.math_answers.worker", str(theirs.fileno())]
        with theirs:
            self._fork_server = subprocess.Popen(
                argv,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.settimeout(START_S)
        self._control = ours
        _received(ours, 5)

    def _stop_fork_server(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._fork_server is not None:
            self._fork_server.kill()
            self._fork_server.wait()
        self._control = self._fork_server = None

    async def aclose(self) -> None:
        """End every worker. Idempotent."""
        while self._free:
            _kill(self._free.pop())
        self._stop_fork_server()


async def _exchange(worker: _Worker, question: SymbolicQuestion) -> bool | str:
    loop = asyncio.get_running_loop()
    line = json.dumps([question.kind, question.gold, question.answer]).encode() + b"\n"
    await loop.sock_sendall(worker.connection, line)
    received = b""
    while not received.endswith(b"\n"):
        chunk = await loop.sock_recv(worker.connection, 4096)
        if not chunk:
            raise EOFError("the worker died")
        received += chunk
    reply: bool | str = json.loads(received)
    return reply


async def _drop(worker: _Worker, work: asyncio.Future[bool | str]) -> None:
    """Kill a worker once nothing waits for its socket any more: the number of a closed one is soon another's."""
    work.cancel()
    try:
        await asyncio.wait({work})
    finally:
        _kill(worker)
    if not work.cancelled():
        work.exception()


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far; 0 if it is gone, which its socket will say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * TICK_S


def _kill(worker: _Worker) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker.pid, signal.SIGKILL)
    worker.connection.close()


def _received(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise EOFError("the fork server ended")
        data += chunk
    return data
