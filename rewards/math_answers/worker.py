"""The processes that compare formulas: a fork server that stays warm, and its workers, which may be killed.

Started as ``python -m synthetic1.rewards.math_answers.worker FD`` with a Unix socket at ``FD``. For every message on
it, which carries one end of a socket, the fork server forks a worker that serves there, and answers with its pid.
A worker reads a line of JSON ``[kind, gold, answer]`` and writes a line: ``true``, ``false`` or ``"why not"``.

The fork server of ``multiprocessing`` does not serve here: its workers import the main module of the program, which may
be heavy or unguarded; a daemonic or forked process, such as a pool's, cannot start any; there is one a program, which
may be up already without what ours preloads; and workers share the terminal's process group and standard output.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sys

from synthetic1.rewards.math_answers import symbolic

MEMORY_BYTES = 700 * 2**20
"""Address space of a worker."""
PR_SET_PDEATHSIG = 1


def serve_forks(control: socket.socket) -> None:
    """Fork a worker for each socket that arrives on ``control``, until that closes."""
    symbolic.preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, who closes the socket
    control.sendall(b"ready")
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            control.close()
            _compare(socket.socket(fileno=fds[0]), os.getppid())
            os._exit(0)
        os.close(fds[0])
        control.sendall(pid.to_bytes(4, "big"))


def _compare(connection: socket.socket, fork_server: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != fork_server:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(3000)
    with connection, connection.makefile("rwb") as stream:
        for line in stream:
            kind, gold, answer = json.loads(line)
            reply: bool | str
            try:
                reply = symbolic.answer(kind, gold, answer)
            except symbolic.Unparseable as error:
                reply = f"unparseable: {error}"
            except MemoryError:
                reply = "memory"
            except RecursionError:
                reply = "nesting"
            except Exception as error:  # a defect of the parser's or sympy's: the pair stays undecided
                reply = f"failed: {type(error).__name__}: {error}"[:300]
            stream.write(json.dumps(reply).encode() + b"\n")
            stream.flush()


if __name__ == "__main__":
    serve_forks(socket.socket(fileno=int(sys.argv[1])))
