"""The agent's side of the fork server for Node: one that is ready to load a program, forked for each input.

Unlike Python's it does not see a program before the fork: a fork looks for its main file, as any Node does, and goes on
like any Node. So one server is for all programs whose main file has the same name.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable
from dataclasses import replace

from synthetic1.sandbox.agent.launchers import confine
from synthetic1.sandbox.agent.launchers.launcher import Command, Exit, LauncherError, Streams
from synthetic1.sandbox.agent.launchers.warm import ForkServer

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_SCRIPT = os.path.join(_FOLDER, "node_fork_server.js")
_ADDON = os.path.join(_FOLDER, "node_fork_server.node")
_SELF_TEST = os.path.join(_FOLDER, "node_self_test.js")
_FLAGS = ("--single-threaded", "--v8-pool-size=1", "--require", _SCRIPT)
"""V8's other threads are not in a fork: without the first flag it would wait for what it gave them to do. The script
hides these flags from programs, by their number."""
_ORDER = struct.Struct("=ii")  # uid, number of limits
_LIMIT = struct.Struct("=iqq")  # which, soft, hard
_EXPECTED = "a b child immediate pool promise sync tick timer true"
_EXPECTED_CODE = 7
_TEST_S = 20.0


def is_built() -> bool:
    """Whether the native half is there: the image has it, other places do not."""
    return os.path.exists(_ADDON)


class NodeForkServer(ForkServer):
    """As ``ForkServer``, for Node."""

    def argv_of(self, command: Command) -> list[str]:
        return [*command.argv[:-1], *_FLAGS, command.argv[-1]]

    def cwd_of(self, command: Command) -> str:
        return command.cwd

    def order(self, command: Command, limits: confine.RLimits, uid: int | None) -> bytes:
        packed = [_LIMIT.pack(which, soft, hard) for which, soft, hard in limits]
        return _ORDER.pack(-1 if uid is None else uid, len(packed)) + b"".join(packed) + os.fsencode(command.cwd)


def works(command: Command, memory_limit: str, uid: int | None, fork: Callable[[Callable[[], None]], int]) -> bool:
    """Whether forks of this Node do what a Node does: two of them run the self-test, without a program's limits.

    With another version of Node, of the C library or of the kernel they may not.
    """
    test = replace(command, argv=[*command.argv[:-1], _SELF_TEST])
    try:
        server = NodeForkServer(test, memory_limit, fork)
    except LauncherError:
        return False
    try:
        program = server.program(test, [], uid)
        if program is None:
            return False
        try:
            said = [_try(program.start, program.exit) for _ in range(2)]
        finally:
            program.close()
    except (LauncherError, OSError):
        return False
    finally:
        server.close()
    lines = [text.split("\n") for text in said]
    return all(one[0] == _EXPECTED and len(one) == 3 for one in lines) and lines[0][1] != lines[1][1]


def _try(start: Callable[[Streams], None], exit: Callable[[], Exit | None]) -> str:
    """What the self-test writes; nothing if it ends otherwise than it should."""
    (stdin, feed), (reading, stdout) = os.pipe(), os.pipe()
    try:
        os.write(feed, b"a\nb\n")
        os.close(feed)
        start(Streams(stdin, stdout, stdout))
    finally:
        os.close(stdin)
        os.close(stdout)
    deadline, text = time.monotonic() + _TEST_S, b""
    with open(reading, "rb", buffering=0) as pipe:
        waiting = select.poll()
        waiting.register(pipe, select.POLLIN)
        while waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
            chunk = pipe.read(4096)
            if not chunk:
                break
            text += chunk
        else:
            return ""
    while time.monotonic() < deadline:
        ended = exit()
        if ended is not None:
            return text.decode(errors="replace") if os.waitstatus_to_exitcode(ended.status) == _EXPECTED_CODE else ""
        time.sleep(0.001)
    return ""
