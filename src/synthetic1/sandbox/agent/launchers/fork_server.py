"""The fork server: run by the programs' own interpreter, with what they import already loaded, and forked for them.

It forks a process for each program, and that one a process for each input, which becomes the program. It is a script,
imports nothing of ours and holds no inputs; a program that looks at its callers' frames finds nothing here.

What a fork costs is the pages that it touches, some microseconds each. So everything is made ready before the last
fork, and after it as little as can be is run that the program itself would not run.
"""

from __future__ import annotations

import os
from typing import Any

HOOKS: list[dict[str, Any]] = []
"""What the modules below want to be called after a fork: for programs that fork themselves. The fork server has one
thread, and does what would be left (``random.seed``)."""
register_at_fork, os.register_at_fork = os.register_at_fork, lambda **hook: HOOKS.append(hook)

import _socket  # noqa: E402 - `socket` would bring thousands of objects
import _thread  # noqa: E402
import array  # noqa: E402 - the names below that are not used here are what contest programs import
import atexit  # noqa: E402
import bisect  # noqa: E402, F401
import cmath  # noqa: E402, F401
import collections  # noqa: E402, F401
import copy  # noqa: E402, F401
import ctypes  # noqa: E402
import dataclasses  # noqa: E402, F401
import datetime  # noqa: E402, F401
import decimal  # noqa: E402, F401
import enum  # noqa: E402, F401
import fractions  # noqa: E402, F401
import functools  # noqa: E402, F401
import gc  # noqa: E402
import heapq  # noqa: E402, F401
import io  # noqa: E402
import itertools  # noqa: E402, F401
import json  # noqa: E402
import marshal  # noqa: E402
import math  # noqa: E402, F401
import operator  # noqa: E402, F401
import queue  # noqa: E402, F401
import random  # noqa: E402
import re  # noqa: E402, F401
import resource  # noqa: E402
import signal  # noqa: E402
import statistics  # noqa: E402, F401
import string  # noqa: E402, F401
import struct  # noqa: E402
import sys  # noqa: E402
import textwrap  # noqa: E402, F401
import threading  # noqa: E402
import time  # noqa: E402, F401
import typing  # noqa: E402, F401
from importlib.machinery import SourceFileLoader  # noqa: E402
from types import CodeType, ModuleType  # noqa: E402

os.register_at_fork = register_at_fork

CONTROL_FD = CHANNEL_FD = 3
READY = struct.Struct("=?i")
EXIT = struct.Struct("=idq")
FORKING = (b"fork", b"multiprocessing", b"concurrent")  # names of which one is in every program that does
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
prctl = ctypes.CDLL(None).prctl


def main() -> None:
    """Become, in the end and in a fork of a fork, a program."""
    prctl(PR_SET_DUMPABLE, 0)
    os.set_inheritable(CONTROL_FD, False)
    control = _socket.socket(fileno=CONTROL_FD)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes of programs
    gc.collect()
    gc.freeze()  # so that a collection in a fork does not write to, and thereby copy, what is shared
    control.send(b"ready")
    while True:
        message, descriptors = receive(control, 1 << 20)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            break
        os.close(descriptors[0])
    program = json.loads(message)
    connection = _socket.socket(fileno=descriptors[0])
    run(*serve(connection, program["path"], program["cwd"], program["limits"], program["uid"]))


def serve(
    connection: _socket.socket, path: str, cwd: str, limits: list[tuple[int, int, int]], uid: int | None
) -> tuple[CodeType, dict[str, Any]]:
    """One program, input after input. Returns in processes that are to become it: the code, its first names."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(cwd)
    code = compiled(path, limits, uid)
    if code is None:
        connection.send(READY.pack(False, os.getpid()))
        os._exit(0)
    names = as_started(path)
    own = [limit for limit in limits if limit[0] in (resource.RLIMIT_CPU, resource.RLIMIT_NPROC)]
    confine([limit for limit in limits if limit not in own])
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
    nothing = os.dup(os.open(os.devnull, os.O_RDWR))  # the second one is not the channel's number
    gc.collect()
    gc.freeze()
    connection.send(READY.pack(True, os.getpid()))
    while True:
        message, streams = receive(connection, 16)
        if not message:
            os._exit(0)
        for target, stream in enumerate(streams):  # 0, 1, 2 and the channel
            if target != stream:
                os.dup2(stream, target)
                os.close(stream)
        forker = os.getpid()
        try:
            child = os.fork()
        except OSError:
            child = -1
        if child == 0:
            break
        for target in range(len(streams)):
            os.dup2(nothing, target)
        if child < 0:
            connection.send(b"none")
            continue
        _, status, usage = os.wait4(child, 0)
        connection.send(EXIT.pack(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024))
    os.closerange(len(streams), connection.detach() + 8)
    confine(own)
    if uid is None:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != forker:  # it died before
            os._exit(1)
    else:
        os.setresuid(uid, uid, uid)
    random.seed()  # or all inputs of a program would draw the same
    prctl(PR_SET_DUMPABLE, 1)  # or /proc/self, and so /dev/stdin, would be closed to it
    return code, names


def receive(connection: _socket.socket, size: int) -> tuple[bytes, list[int]]:
    """A message, and the descriptors that came with it."""
    message, ancillary, _, _ = connection.recvmsg(size, 128)
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return message, list(descriptors)


def compiled(path: str, limits: list[tuple[int, int, int]], uid: int | None) -> CodeType | None:
    """The program's code, made by a process that may do no more than the program; None if it does not compile."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            confine(limits)
            if uid is not None:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            with open(path, "rb") as file:
                source = file.read()
            code = compile(source, os.path.join(os.getcwd(), path), "exec", dont_inherit=True)
            with open(writing, "wb") as pipe:
                marshal.dump(code, pipe)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, "rb") as pipe:
        text = pipe.read()
    if any(word in text for word in FORKING):
        for hook in HOOKS:
            register_at_fork(**hook)
    return marshal.loads(text) if os.waitpid(child, 0)[1] == 0 else None


def confine(limits: list[tuple[int, int, int]]) -> None:
    for which, soft, hard in limits:
        resource.setrlimit(which, (soft, hard))


def as_started(path: str) -> dict[str, Any]:
    """Leaves ``sys`` as in an interpreter just started with that file; the names that its ``__main__`` has then."""
    absolute = os.path.join(os.getcwd(), path)
    sys.argv, sys.orig_argv = [path], [*sys.orig_argv[:-1], path]
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    return {
        "__annotations__": {},
        "__builtins__": sys.modules["builtins"],
        "__cached__": None,
        "__file__": absolute,
        "__loader__": SourceFileLoader("__main__", absolute),
    }


def end() -> None:
    """What an interpreter does after its program's last line."""
    if _thread._count():
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    main = sys.modules.pop("__main__", None)
    # Wherever the program keeps them: what is collected in a cycle may lose its buffer before it is written. Since
    # `gc.freeze`, only what the program made is looked at.
    made = gc.get_objects()
    flush(sys.stdout, sys.stderr, *(file for file in made if isinstance(file, io.TextIOWrapper)))
    flush(sys.__stdout__, sys.__stderr__, *(file for file in made if isinstance(file, io.BufferedWriter)))
    del made
    # As CPython does, the module is dropped and not emptied: finalizers still see the program's names.
    del main
    gc.collect()
    flush(sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)


def flush(*files: Any) -> None:
    for file in files:
        if file is not None and not getattr(file, "closed", False) and file.writable():
            file.flush()


def run(code: CodeType, names: dict[str, Any]) -> None:
    """Be the program. Whatever is not a plain end is a failure, which a fresh interpreter sees again and tells."""
    exit_code, leave = 1, os._exit  # the program may replace it, and would then come back to here
    try:
        main = ModuleType("__main__")  # made after `gc.freeze`, for it is to be collected in the end
        main.__dict__.update(names)
        sys.modules["__main__"] = main
        try:
            exec(code, main.__dict__)
        except SystemExit as leaving:
            if leaving.code not in (None, 0):
                return
        del main
        end()
        exit_code = 0
    except BaseException:
        return
    finally:
        leave(exit_code)


if __name__ == "__main__":
    main()
