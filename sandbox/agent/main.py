"""The agent's command line: which launcher, which folder, which user; frames on stdin and stdout."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from synthetic1.sandbox.agent.host import Host, HostGone
from synthetic1.sandbox.agent.launch import Launcher, LauncherError
from synthetic1.sandbox.agent.serve import Agent
from synthetic1.sandbox.agent.wire import WireError


def main(arguments: Sequence[str]) -> None:
    """Serve the host on stdin and stdout until it closes them; then end, with everything that was started."""
    parser = argparse.ArgumentParser(prog="agent")
    parser.add_argument("--launcher", choices=("direct", "plain", "bubblewrap"), required=True)
    parser.add_argument("--root", default="/tmp", help="the folder to work in, which is the agent's own")
    parser.add_argument("--uid", type=int, help="direct: whom programs run as")
    parser.add_argument("--world", help="bubblewrap: what programs see, as JSON")
    options = parser.parse_args(arguments)
    os.umask(0o022)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the host decides
    signal.signal(signal.SIGTERM, _leave)
    host = Host(*_take_stdio())
    launcher: Launcher | None = None
    try:
        launcher = _launcher(options)
        Agent(host, launcher, options.root).serve()
    except HostGone:
        pass
    except (WireError, LauncherError) as error:
        sys.exit(f"agent: {error}")
    finally:
        if launcher is not None:
            launcher.close()


def _launcher(options: argparse.Namespace) -> Launcher:
    if options.launcher == "bubblewrap":
        from synthetic1.sandbox.agent.bubblewrap import BubblewrapLauncher, World

        return BubblewrapLauncher(options.root, World.from_json(options.world))
    from synthetic1.sandbox.agent.direct import DirectLauncher

    return DirectLauncher(options.root, options.uid if options.launcher == "direct" else None)


def _take_stdio() -> tuple[int, int]:
    """Move the wire away from 0 and 1, where nothing that is started can find it."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return reading, writing


def _leave(number: int, frame: FrameType | None) -> None:
    raise HostGone
