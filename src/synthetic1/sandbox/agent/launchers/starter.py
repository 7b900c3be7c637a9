"""The starter: a process for each command, which spawns it for each input without copying itself.

A fork of the agent copies its page tables, and then each page that the child writes to before it can exec. Between
``vfork`` and exec nothing but what ``posix_spawn`` knows can be done; so the limits are the starter's own, and its real
user is the program's for the moment of the spawn, in which the child makes that its only one (``resetids``).
"""

from __future__ import annotations

import array
import os
import signal
import socket
from collections.abc import Callable

from synthetic1.sandbox.agent.job import CHANNEL_FD
from synthetic1.sandbox.agent.launchers import confine
from synthetic1.sandbox.agent.launchers.launcher import OUR_ERRORS, Command
from synthetic1.sandbox.agent.launchers.warm import EXIT, Spawner

_MOST_FDS = 1024


def open_starter(
    command: Command, limits: confine.RLimits, uid: int, fork: Callable[[Callable[[], None]], int]
) -> Spawner:
    """Start one. The agent must be root with SETUID and SETGID.

    Raises:
        LauncherError: no more processes can be started.
    """
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        pid = fork(lambda: _serve(its, command, limits, uid))
    return Spawner(ours, pid)


def _serve(connection: socket.socket, command: Command, limits: confine.RLimits, uid: int) -> None:
    """In the fork; ends with the connection."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.closerange(CHANNEL_FD, connection.fileno())
    os.closerange(connection.fileno() + 1, _MOST_FDS)
    os.setsid()
    os.chdir(command.cwd)
    confine.apply(limits)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    path, argv, env = command.argv[0], command.argv, command.env
    while True:
        message, ancillary, _, _ = connection.recvmsg(16, 128, socket.MSG_CMSG_CLOEXEC)
        if not message:
            os._exit(0)
        streams = array.array("i")
        for _, _, data in ancillary:
            streams.frombytes(data)
        actions = [(os.POSIX_SPAWN_DUP2, stream, target) for target, stream in enumerate(streams)]
        # Between these two the program can send signals to this process, for some microseconds of its life. Killed, it
        # is missed, and the input is run again by a fork of the agent; stopped, it goes on when the program is ended.
        os.setresuid(uid, 0, 0)
        os.pwrite(score, b"1000", 0)  # for the child to inherit: it is to be taken when memory runs out, not this one
        try:
            child = os.posix_spawn(
                path, argv, env, file_actions=actions, setsid=True, setsigdef=[signal.SIGPIPE], resetids=True
            )
        except OSError as error:
            child = -1 if error.errno in OUR_ERRORS else 0
            os.write(streams[2], f"cannot execute {path}: {error.strerror}\n".encode())
        finally:
            os.setresuid(0, 0, 0)
            os.pwrite(score, b"0", 0)
        for stream in streams:
            os.close(stream)
        if child < 0:
            connection.send(b"none")
            continue
        status, cpu_s, peak_bytes = 127 << 8, 0.0, 0
        if child:
            _, status, usage = os.wait4(child, 0)
            cpu_s, peak_bytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        connection.send(EXIT.pack(status, cpu_s, peak_bytes))
