"""Room for connections: each takes a place among the files that a process may have open."""

from __future__ import annotations

import os

from synthetic1.inference.errors import ServerError

BESIDE = 256
"""Files beside connections: journals, logs, sockets of sandboxes and of their clients."""
BESIDE_LEAST = 32
"""With fewer nothing goes well."""


def make_room(requests: int, servers: int = 1) -> None:
    """Raise the soft limit of open files to what so many requests in flight want, where the system allows it.

    It is never raised further than that: some programs that ours start close every file that they might have.

    Args:
        requests: in flight, all servers together.
        servers: to each of which so many may be kept open while the load moves from one to the other.

    Raises:
        ServerError: the hard limit is too low for the requests alone; says which limit, and what to do.
    """
    try:
        import resource
    except ModuleNotFoundError:  # no such limit on this system
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = _open_now()
    wanted = open_now + requests * servers + BESIDE
    endless = resource.RLIM_INFINITY
    if soft != endless and soft < wanted:
        soft = wanted if hard == endless else min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        except (ValueError, OSError):  # macOS has a limit of its own below a hard one without end
            soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    least = open_now + requests + BESIDE_LEAST
    if soft != endless and soft < least:
        raise ServerError(
            "unreachable",
            f"{requests:,} requests in flight want {least:,} open files, and this process may have {soft:,} (the hard"
            f" limit, `ulimit -Hn`): have at most {max(soft - open_now - BESIDE_LEAST, 1):,} in flight (concurrency=,"
            " max_in_flight=), or raise that limit",
        )


def _open_now() -> int:
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return len(os.listdir(folder))
        except OSError:
            continue
    return BESIDE_LEAST
