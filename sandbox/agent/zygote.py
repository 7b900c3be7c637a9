"""The zygote: run by the programs' own interpreter, with what they import already loaded, and forked for them.

It forks a process for each program, and that one a process for each input, which becomes the program. It is a script,
imports nothing of ours and holds no inputs; a program that looks at its callers' frames finds nothing here.
"""

from __future__ import annotations

import array  # noqa: F401 - these and more, unused here, are what contest programs import
import atexit
import bisect  # noqa: F401
import cmath  # noqa: F401
import collections  # noqa: F401
import copy  # noqa: F401
import ctypes
import dataclasses  # noqa: F401
import datetime  # noqa: F401
import decimal  # noqa: F401
import enum  # noqa: F401
import fractions  # noqa: F401
import functools  # noqa: F401
import gc
import heapq  # noqa: F401
import io  # noqa: F401
import itertools  # noqa: F401
import json
import marshal
import math  # noqa: F401
import operator  # noqa: F401
import os
import queue  # noqa: F401
import random  # noqa: F401
import re  # noqa: F401
import resource
import signal
import socket
import statistics  # noqa: F401
import string  # noqa: F401
import struct
import sys
import textwrap  # noqa: F401
import threading
import time  # noqa: F401
import typing  # noqa: F401
from importlib.machinery import SourceFileLoader
from types import ModuleType

CONTROL_FD = CHANNEL_FD = 3
READY = struct.Struct("=?i")
EXIT = struct.Struct("=idq")
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4


def main() -> tuple[bytes, str]:
    """Returns in processes that are to become programs, and there only: the code, and the file it is from."""
    prctl(PR_SET_DUMPABLE, 0)
    os.set_inheritable(CONTROL_FD, False)
    control = socket.socket(fileno=CONTROL_FD)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes of programs
    gc.collect()
    gc.freeze()  # so that a collection in a fork does not write to, and thereby copy, what is shared
    control.send(b"ready")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 1)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            return serve(json.loads(message), socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def serve(program: dict[str, object], connection: socket.socket) -> tuple[bytes, str]:
    """One program, input after input. Returns in processes that are to become it."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = compiled(program)
    connection.send(READY.pack(bool(code), os.getpid()))
    gc.freeze()
    while True:
        message, streams, _, _ = socket.recv_fds(connection, 16, 4)
        if not message:
            os._exit(0)
        try:
            child = os.fork()
        except OSError:
            connection.send(b"none")
        else:
            if child == 0:
                connection.close()
                become(program, streams)
                return code, str(program["path"])
            _, status, usage = os.wait4(child, 0)
            connection.send(EXIT.pack(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024))
        for stream in streams:
            os.close(stream)


def compiled(program: dict[str, object]) -> bytes:
    """The program's code, made by a process that may do no more than the program; empty if it does not compile."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            confine(program)
            with open(str(program["path"]), "rb") as file:
                source = file.read()
            path = os.path.join(str(program["cwd"]), str(program["path"]))
            with open(writing, "wb") as pipe:
                marshal.dump(compile(source, path, "exec", dont_inherit=True), pipe)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, "rb") as pipe:
        code = pipe.read()
    return code if os.waitpid(child, 0)[1] == 0 else b""


def become(program: dict[str, object], streams: list[int]) -> None:
    """Take the place of a program that was just started."""
    os.setsid()
    for target, stream in enumerate(streams):
        os.dup2(stream, target)  # 0, 1, 2 and the channel; Python's own objects for them stay as they are
    for stream in streams:
        if stream > CHANNEL_FD or stream >= len(streams):
            os.close(stream)
    confine(program)
    prctl(PR_SET_DUMPABLE, 1)  # or /proc/self, and so /dev/stdin, would be closed to it


def confine(program: dict[str, object]) -> None:
    """Take the limits and the user."""
    os.chdir(str(program["cwd"]))
    for which, soft, hard in program["limits"]:  # type: ignore[attr-defined]
        resource.setrlimit(which, (soft, hard))
    uid = program["uid"]
    if isinstance(uid, int):
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def fresh_main(path: str) -> ModuleType:
    """``sys`` and ``__main__`` as in an interpreter that was just started with the file."""
    absolute = os.path.join(os.getcwd(), path)
    sys.argv, sys.orig_argv = [path], [*sys.orig_argv[:-1], path]
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    module = ModuleType("__main__")
    module.__dict__.update(
        __annotations__={},
        __builtins__=sys.modules["builtins"],
        __cached__=None,
        __file__=absolute,
        __loader__=SourceFileLoader("__main__", absolute),
    )
    sys.modules["__main__"] = module
    return module


def end() -> None:
    """What an interpreter does after its program's last line."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    flush()
    # As CPython does, the module is dropped and not emptied: finalizers still see the program's names.
    sys.modules.pop("__main__", None)
    gc.collect()
    flush()


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()


def run(code: bytes, path: str) -> None:
    """Become the program. Whatever is not a plain end is a failure, which a fresh interpreter sees again and tells."""
    exit_code = 1
    try:
        module = fresh_main(path)
        try:
            exec(marshal.loads(code), module.__dict__)
        except SystemExit as leaving:
            if leaving.code not in (None, 0):
                return
        del module
        end()
        exit_code = 0
    except BaseException:
        return
    finally:
        os._exit(exit_code)


prctl = ctypes.CDLL(None).prctl
if __name__ == "__main__":
    run(*main())
