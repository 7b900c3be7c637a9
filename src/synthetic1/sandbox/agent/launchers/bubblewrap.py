"""The launcher that starts every program in namespaces of its own, by bwrap."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import Literal

from synthetic1.sandbox.agent.box import remove_below
from synthetic1.sandbox.agent.control_groups.control_group import ControlGroup
from synthetic1.sandbox.agent.control_groups.named_groups import create_group
from synthetic1.sandbox.agent.launchers import confine
from synthetic1.sandbox.agent.launchers.bubblewrap_process import BubblewrapProcess, GroupAccount, Orphans
from synthetic1.sandbox.agent.launchers.bubblewrap_settings import BubblewrapSettings
from synthetic1.sandbox.agent.launchers.launcher import Command, LauncherError, Process, Purpose, Streams, WarmProgram
from synthetic1.sandbox.agent.linux import mounts

OWN_PROCESSES = 2
"""bwrap's own, of each program: one outside, one that is the first of the new process namespace."""
_FREE_FD = 10  # descriptors below may be given a meaning in the child
_SWEEP_S = 10.0
_FILES = 20_000  # that one program may make; each costs the kernel a kilobyte


class BubblewrapLauncher:
    """Starts each program with a process, user, mount, network, IPC and host name namespace of its own.

    It sees: programs and libraries read-only, a /proc and a /dev of its own, its box, and empty folders in memory at
    ``/tmp``, ``/dev/shm`` and ``box/work``, which go with it. When its main process ends, the kernel ends the rest.

    Args:
        state: an empty folder for the box and for what has to stand in files; everybody may walk through it.

    Raises:
        LauncherError: what root needs for itself is refused.
    """

    name = "bubblewrap"

    def __init__(self, state: str, settings: BubblewrapSettings) -> None:
        self._state, self._settings = state, settings
        os.set_inheritable(settings.filter_fd, False)  # for the agent, and not for programs
        self._box = os.path.join(state, "box")
        self._groups = _groups(settings.group) if settings.group else {}
        self.memory_limit: Literal["cgroup", "address_space"] = "cgroup" if self._groups else "address_space"
        self._limits: dict[Purpose, tuple[int, int]] = {}
        self._files = os.path.join(state, "files")
        self._has_files = False
        self._orphans = Orphans()
        self._places = {self._box: "/box", **settings.places}
        self._shown: dict[str, str] = {}
        try:
            os.mkdir(self._files, 0o755)
            if settings.uid is not None:
                self._show(state)
            self._view = settings.view(self._shown) + settings.accounts(state)
        except OSError as error:
            self.close()
            raise LauncherError(f"{error.filename}: {error.strerror}") from None
        confine.adopt_orphans()

    def start(self, command: Command, streams: Streams) -> Process:
        group = self._bounded_group(command)
        account = GroupAccount(group)
        self._orphans.forget()
        # Looked at here, since bwrap says the same of a program that it cannot execute and of a mount that fails.
        executable = _is_executable(os.path.join(command.cwd, command.argv[0]))
        with contextlib.ExitStack() as ours:
            try:
                said, says = _pipe()
                ours.callback(os.close, says)
                self._put_files(command)
                # Each bwrap reads the filter from its start.
                filter_fd = _high(os.open(f"/proc/self/fd/{self._settings.filter_fd}", os.O_RDONLY))
                ours.callback(os.close, filter_fd)
                argv = self._arguments(command, filter_fd, says)
                pid = os.fork()
            except OSError as error:
                raise LauncherError(f"cannot start bwrap: {error}") from None
            if pid == 0:
                try:
                    if executable:
                        self._execute(argv, command, streams, group, (filter_fd, says))
                    else:
                        os.write(streams.stderr, f"cannot execute {command.argv[0]}\n".encode())
                except BaseException as error:
                    os.write(2, f"cannot start bwrap: {error}\n".encode(errors="replace"))
                finally:
                    os._exit(127)
        return BubblewrapProcess(pid, said, executable, account, self._orphans, self._end_leftovers)

    def warm(self, command: Command) -> WarmProgram | None:
        """None: a fork of a warm interpreter would share its namespaces with it."""
        return None

    def sweep(self) -> bool:
        return self._end_leftovers()

    def empty(self, folder: str) -> bool:
        return remove_below(folder)

    def close(self) -> None:
        self.sweep()
        for group in self._groups.values():
            with contextlib.suppress(OSError):  # else the next owner's sweep removes it
                group.remove()
        self._groups = {}
        for at in self._shown.values():
            with contextlib.suppress(OSError):
                mounts.unmount(at)
        self._settings.forget_accounts(self._state)
        for folder in (self._files, *self._shown.values()):
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def _end_leftovers(self) -> bool:
        """End what is left of programs, and free what they left in memory; False: something stays."""
        if not self._orphans.end(_SWEEP_S):
            return False
        try:
            for group in self._groups.values():
                if group.processes():
                    group.kill_all(_SWEEP_S)
        except TimeoutError:
            return False
        return self._clear_files()

    def _clear_files(self) -> bool:
        """Free what a program left in memory; False: it stays."""
        if self._has_files:
            try:
                mounts.unmount(self._files)
            except OSError:
                return False
            self._has_files = False
        return True

    def _put_files(self, command: Command) -> None:
        """As root: one file system for all that a program writes; so its size and its files are bounded together.

        Raises:
            OSError: the kernel refuses.
        """
        if self._settings.uid is None:
            return
        mounts.mount_memory(self._files, _room(command), _FILES)
        self._has_files = True
        for name in ("tmp", "shm", "work"):
            os.mkdir(f"{self._files}/{name}")
            os.chmod(f"{self._files}/{name}", 0o1777)

    def _bounded_group(self, command: Command) -> ControlGroup | None:
        """The control group for a command, with its limits.

        Raises:
            LauncherError: they cannot be set.
        """
        group = self._groups.get(command.purpose)
        limits = command.bounds.memory_bytes, command.bounds.processes + OWN_PROCESSES
        if group is not None and self._limits.get(command.purpose) != limits:
            self._limits.pop(command.purpose, None)
            try:
                group.set_limits(*limits)
            except OSError as error:
                raise LauncherError(
                    f"the control group takes no limit of {limits[0]} bytes: {error.strerror}"
                ) from None
            self._limits[command.purpose] = limits
        return group

    def _execute(
        self,
        argv: list[str],
        command: Command,
        streams: Streams,
        group: ControlGroup | None,
        inherited: tuple[int, ...],
    ) -> None:
        """In the child."""
        if group is not None:
            group.enter()
        confine.take_streams(streams)
        for fd in inherited:
            os.set_inheritable(fd, True)
        confine.prefer_as_oom_victim()
        confine.restore_signals()
        bounds = command.bounds
        own_uid = self._settings.uid is not None
        confine.apply(confine.rlimits(bounds, self.memory_limit, own_uid, more_processes=OWN_PROCESSES))
        if self._settings.uid is not None:
            confine.become_user(self._settings.uid)
        env = {name: ":".join(map(self._inside, value.split(":"))) for name, value in command.env.items()}
        os.execve(argv[0], argv, env)

    def _arguments(self, command: Command, filter_fd: int, says: int) -> list[str]:
        building = command.purpose == "build"
        argv = [self._settings.bwrap, *_NAMESPACES, "--seccomp", str(filter_fd), "--json-status-fd", str(says)]
        argv += self._view
        argv += ["--ro-bind", self._box, "/box"]
        if building:
            argv += ["--bind", f"{self._box}/build", "/box/build"]
        for name, at in {"tmp": "/tmp", "shm": "/dev/shm", "work": "/box/work"}.items():
            if self._has_files:
                argv += ["--bind", f"{self._files}/{name}", at]
            else:
                argv += ["--perms", "1777", "--size", str(_room(command)), "--tmpfs", at]
        argv += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", self._inside(command.cwd), "--"]
        if not command.argv[0].startswith("/") and os.path.exists(f"{self._settings.root}/usr/bin/env"):
            # What was built may look executable and not be; bwrap would fail as it does where we fail, env does not.
            argv += ["/usr/bin/env", "--"]
        return [*argv, self._inside(command.argv[0]), *command.argv[1:]]

    def _inside(self, path: str) -> str:
        """Where programs see what stands at ``path`` outside."""
        for folder, place in self._places.items():
            if path == folder or path.startswith(f"{folder}/"):
                return place + path[len(folder) :]
        return path

    def _show(self, state: str) -> None:
        """Folders to which only root can walk, such as toolchains in its home, where the programs' user can."""
        mounts.unshare_mounts()
        for number, folder in enumerate({self._settings.root, *self._settings.toolchains.values()} - {"/"}):
            at = os.path.join(state, f"shown-{number}")
            os.mkdir(at, 0o755)
            self._shown[folder] = at
            mounts.bind_read_only(folder, at)


def _is_executable(path: str) -> bool:
    """Whether the kernel would try; what is neither ELF nor says its interpreter, ``env`` would give to a shell."""
    if not os.access(path, os.X_OK):
        return False
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # it may be a pipe
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(file).st_mode) and os.read(file, 4).startswith((b"\x7fELF", b"#!"))
    finally:
        os.close(file)


def _room(command: Command) -> int:
    """Bytes that it may write; a compiler's own files are bounded by its memory alone."""
    return command.bounds.memory_bytes if command.purpose == "build" else command.bounds.file_bytes


def _groups(name: str) -> dict[Purpose, ControlGroup]:
    """One for compilers, one for programs: pages of files that stay cached count for who read them first."""
    build, run = create_group(f"{name}-build"), create_group(f"{name}-run")
    if build is not None and run is not None:
        return {"build": build, "run": run}
    for group in (build, run):
        if group is not None:
            group.remove()
    return {}


def _pipe() -> tuple[int, int]:
    """To read from without waiting; and to write to, a descriptor for the child."""
    said, says = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    return said, _high(says)


def _high(descriptor: int) -> int:
    """The same file under a number that means nothing in the child."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FREE_FD)
    finally:
        os.close(descriptor)


_NAMESPACES = [
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--hostname", "sandbox", "--die-with-parent", "--new-session"),
]
