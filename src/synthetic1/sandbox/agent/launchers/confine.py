"""What a process does to itself between fork and exec, and what the kernel then refuses it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

from synthetic1.sandbox.agent.job import CHANNEL_FD, Bounds
from synthetic1.sandbox.agent.launchers.launcher import Streams

MIB = 2**20
RLimits = list[tuple[int, int, int]]
"""(which, soft, hard)."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36
_STACK = {"cgroup": 256 * MIB, "address_space": 64 * MIB}
# A thread's stack is mapped whole: it costs nothing under a cgroup, but counts as address space.
_OPEN_FILES = 256
_SHARED_MAPPINGS = 4096 * MIB
_NOBODY = 65534
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def rlimits(bounds: Bounds, memory_limit: str, own_uid: bool, more_processes: int = 0) -> RLimits:
    """The limits that hold for each process by itself; those of the whole tree are watched by the agent.

    Args:
        memory_limit: ``address_space`` where no control group bounds the memory.
        own_uid: nobody else has the uid, so that a limit on its processes bounds the program's alone.
        more_processes: those that wrap the program.
    """
    cpu_s = int(bounds.cpu_s) + 1  # a second fence: the agent looks at the whole tree's CPU, to the millisecond
    wanted = [
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_CORE, 1, 1),  # with 0 a `core_pattern` that is a program would still be given the memory
        (resource.RLIMIT_FSIZE, bounds.file_bytes, bounds.file_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES, _OPEN_FILES),
        (resource.RLIMIT_MSGQUEUE, 0, 0),  # queues outlive their processes
        (resource.RLIMIT_STACK, _STACK[memory_limit], _STACK[memory_limit]),
    ]
    if memory_limit == "address_space":
        # RLIMIT_DATA leaves out what is only reserved (node reserves gigabytes); shared memory is counted by AS alone.
        wanted.append((resource.RLIMIT_DATA, bounds.memory_bytes, bounds.memory_bytes))
        wanted.append((resource.RLIMIT_AS, *2 * (bounds.memory_bytes + _SHARED_MAPPINGS,)))
    if own_uid:
        processes = bounds.processes + more_processes
        wanted.append((resource.RLIMIT_NPROC, processes, processes))
    allowed = []
    for which, soft, hard in wanted:
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        allowed.append((which, soft, hard))
    return allowed


def stack_limit(memory_limit: str) -> RLimits:
    """For the fork server: how far the main thread's stack may grow is laid down on exec, so a fork cannot widen it."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    wanted = _STACK[memory_limit]
    return [(resource.RLIMIT_STACK, wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)]


def apply(limits: RLimits) -> None:
    """In the child: take these limits, for good."""
    for which, soft, hard in limits:
        resource.setrlimit(which, (soft, hard))


def take_streams(streams: Streams) -> None:
    """In the child: put its ends of the pipes where programs expect them. All others close on exec."""
    os.dup2(streams.stdin, 0)
    os.dup2(streams.stdout, 1)
    os.dup2(streams.stderr, 2)
    if streams.channel is not None:
        if streams.channel != CHANNEL_FD:
            os.dup2(streams.channel, CHANNEL_FD)
        os.set_inheritable(CHANNEL_FD, True)


def prefer_as_oom_victim() -> None:
    """In the child: when memory runs out, the kernel is to take this one, not the agent."""
    try:
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    except OSError:
        return
    try:
        os.write(score, b"1000")
    except OSError:  # the kernel forbids it: then it chooses by itself
        pass
    finally:
        os.close(score)


def become_user(uid: int) -> None:
    """In the child: be that user alone, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def act_as_user(uid: int) -> None:
    """In a child: do as that user, what it may do to processes and files, while its own processes reach this one not.

    A signal reaches who really is that user or can be again.
    """
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(_NOBODY, uid, _NOBODY)


def restore_signals() -> None:
    """In the child: Python ignores SIGPIPE, programs should not. (SIGXFSZ stays ignored: ``write`` fails instead.)"""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def deny_inspection() -> None:
    """Keep processes of the same uid from this process's memory and descriptors."""
    _prctl(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Processes whose parents die become children of this one, so that it can see and reap them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """In the child: SIGKILL when the parent is gone. Changing the uid forgets it."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
