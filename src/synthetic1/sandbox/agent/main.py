"""The agent's command line: run jobs that come through stdin, answer through stdout, end with stdin."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from types import FrameType

from synthetic1.sandbox.agent.host import Host, HostGone
from synthetic1.sandbox.agent.launchers.direct import DirectLauncher
from synthetic1.sandbox.agent.launchers.launcher import Launcher, LauncherError
from synthetic1.sandbox.agent.serve import Agent
from synthetic1.sandbox.agent.wire import WireError


def main(arguments: list[str] | None = None) -> None:
    """Serve the host until it closes stdin; then end, with everything that was started."""
    parser = argparse.ArgumentParser(description="Run programs for a host at the other end of stdin and stdout.")
    parser.add_argument("--launcher", choices=["direct", "bubblewrap", "plain"], default="direct")
    parser.add_argument("--uid", type=int, help="the user that programs run as; nobody else may have it")
    parser.add_argument("--root", default="/tmp", help="a folder of this agent's own")
    parser.add_argument("--bubblewrap", help="settings of that launcher, as JSON")
    options = parser.parse_args(arguments)
    if options.launcher == "direct" and not options.uid:
        parser.error("--launcher direct needs --uid, a user for the programs that is not root")
    host = Host(*_take_streams())
    os.umask(0o022)
    for unwanted in (signal.SIGINT, signal.SIGHUP):  # the host decides when it is over, not the host's terminal
        signal.signal(unwanted, lambda *_: None)
    signal.signal(signal.SIGTERM, _leave)
    launcher: Launcher | None = None
    agent: Agent | None = None
    try:
        launcher = _launcher(options)
        agent = Agent(host, launcher, options.root)
        agent.serve()
    except HostGone:
        pass
    except (WireError, LauncherError) as error:
        sys.exit(f"agent: {error}")
    finally:
        if launcher is not None:
            launcher.close()
        if agent is not None:
            agent.close()
        if options.launcher != "direct":  # a folder made for it alone; its owner, if there is one yet, does not mind
            with contextlib.suppress(OSError):
                os.rmdir(options.root)


def _leave(number: int, frame: FrameType | None) -> None:
    raise HostGone


def _launcher(options: argparse.Namespace) -> Launcher:
    if options.launcher == "bubblewrap":
        from synthetic1.sandbox.agent.launchers.bubblewrap import BubblewrapLauncher
        from synthetic1.sandbox.agent.launchers.bubblewrap_settings import BubblewrapSettings

        return BubblewrapLauncher(options.root, BubblewrapSettings.from_json(options.bubblewrap))
    return DirectLauncher(options.root, options.uid if options.launcher == "direct" else None)


def _take_streams() -> tuple[int, int]:
    """stdin and stdout, under numbers that programs do not inherit."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return reading, writing
