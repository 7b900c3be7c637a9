"""bubblewrap: for machines without a Docker engine. The agent runs outside, each program in namespaces of its own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import shutil
import subprocess
from pathlib import Path

from synthetic1.sandbox.agent.control_groups.named_groups import create_group
from synthetic1.sandbox.agent.launchers.bubblewrap_settings import BubblewrapSettings
from synthetic1.sandbox.backend import Backend, Connection
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.sandbox.local import agent_process as local_agent
from synthetic1.sandbox.local import toolchains
from synthetic1.sandbox.seccomp import bpf

_UIDS = (range(1_900_000_000, 2_000_000_000), range(20_000, 60_000))  # the best first; user namespaces may have few
_WITHOUT_CGROUP = (
    "no writable control group: memory is bounded for each process (address space, so that memory mapped and not "
    "touched counts too), not for all of a program's processes and files together",
    "no writable control group: CPU time of processes that nobody waited for may be missed",
    "no writable control group: a peak of memory is that of the largest process",
)
_WITHOUT_ROOT = "not root: programs are this user outside of their namespaces, and their processes count as this user's"
_HINTS = {
    "No permissions to create new namespace": "as root: sysctl kernel.unprivileged_userns_clone=1",
    "setting up uid map": "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    "reating new namespace failed": "as root: sysctl user.max_user_namespaces=15000",
    "mount proc": "in a container: start it with --security-opt systempaths=unconfined",
    "nknown option": "it is older than 0.8: apt-get install bubblewrap",
}

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class BubblewrapBackend(Backend):
    """Programs see this machine's ``/usr`` read-only, and nothing else of its files.

    As root each agent's programs are a user of their own, and control groups hold their memory, processes and CPU time.

    Args:
        rootfs: a root file system with toolchains that they see in place of this machine's.
    """

    name = "bubblewrap"

    def __init__(self, *, rootfs: str | None = None) -> None:
        self._root = os.path.realpath(rootfs) if rootfs else "/"
        self._bwrap = ""
        self._toolchains: dict[str, str] = {}
        self._filter: int | None = None
        self._grouped = False

    async def open(self) -> str:
        return await asyncio.to_thread(self._open)

    async def connect(self) -> Connection:
        if self._filter is None:
            raise SandboxUnavailable("bubblewrap: it is not open")
        uid = _uid() if os.getuid() == 0 else None

        def arguments(folder: str, name: str) -> list[str]:
            assert self._filter is not None
            group = name if self._grouped else None
            settings = BubblewrapSettings(self._bwrap, self._root, self._toolchains, uid, self._filter, group)
            return ["--launcher", "bubblewrap", "--root", folder, "--bubblewrap", settings.to_json()]

        return await local_agent.LocalConnection.start(arguments, self._path, [self._filter])

    async def close(self) -> None:
        if self._filter is not None:
            os.close(self._filter)
            self._filter = None

    @property
    def _path(self) -> str:
        return toolchains.search_path(self._root, self._toolchains)

    def _open(self) -> str:
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise SandboxUnavailable("bubblewrap: there is no bwrap; run: apt-get install bubblewrap")
        if not Path(self._root, "usr").is_dir():
            raise SandboxUnavailable(f"bubblewrap: rootfs={self._root} is not a root file system: it has no folder usr")
        self._bwrap = bwrap
        if self._filter is None:
            self._filter = os.memfd_create("synthetic1-filter", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.write(self._filter, bpf())
            fcntl.fcntl(self._filter, fcntl.F_ADD_SEALS, _SEALS)  # whoever gets hold of it, it stays what it is
        self._try_out()
        local_agent.sweep()
        self._grouped = _can_group()
        self._toolchains = {}
        if self._root == "/":
            self._toolchains = toolchains.elsewhere()
            self._toolchains |= toolchains.precompiled(self._path)
        self.toolchain = toolchains.identity(self._path)
        self.caveats = (() if self._grouped else _WITHOUT_CGROUP) + (() if os.getuid() == 0 else (_WITHOUT_ROOT,))
        version = subprocess.run([bwrap, "--version"], capture_output=True, text=True, check=False).stdout.strip()
        memory = "control groups" if self._grouped else "address space limits (no writable control group)"
        return f"{version}, {'a user for each slot' if os.getuid() == 0 else 'not root'}, {memory}"

    def _try_out(self) -> None:
        """Start a program as the agent will.

        Raises:
            SandboxUnavailable: it does not start; says why, and what may help.
        """
        view = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--size", "4096", "--tmpfs", "/tmp"]
        argv = [self._bwrap, "--unshare-all", "--die-with-parent", "--seccomp", "0", *view, "true"]
        uid = _uid() if os.getuid() == 0 else None
        with open(f"/proc/self/fd/{self._filter}", "rb") as filter_file:
            try:
                tried = subprocess.run(
                    argv,
                    stdin=filter_file,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                    cwd="/",
                    user=uid,
                    group=uid,
                    extra_groups=None if uid is None else [],
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise SandboxUnavailable(f"bubblewrap: bwrap does not start: {error}") from error
        if tried.returncode != 0:
            said = " ".join(tried.stderr.split())
            hint = next((hint for symptom, hint in _HINTS.items() if symptom in said), "")
            raise SandboxUnavailable(f"bubblewrap: bwrap does not work here: {said}{'; ' if hint else ''}{hint}")


def _can_group() -> bool:
    """Whether control groups can be made here, and take limits."""
    group = create_group(f"{local_agent.own_name('probe')}-run")
    if group is None:
        return False
    try:
        group.set_limits(2**30, 64)
    except OSError:
        return False
    else:
        return True
    finally:
        group.remove()


def _uid() -> int:
    """A user who owns nothing and, as good as surely, runs nothing."""
    known = [line.split() for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()]
    for uids in _UIDS:
        if any(int(first) <= uids.start and uids.stop <= int(first) + int(count) for first, _, count in known):
            return random.SystemRandom().choice(uids)
    raise SandboxUnavailable("bubblewrap: this user namespace has no user ids to spare; run as root of the machine")
