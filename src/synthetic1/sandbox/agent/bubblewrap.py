"""The launcher that starts every program in namespaces of its own, by bwrap."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import stat
import time
from typing import Literal

from synthetic1.sandbox.agent import cgroup, confine, mounts, processes
from synthetic1.sandbox.agent.box import remove_below
from synthetic1.sandbox.agent.launch import Command, Exit, LauncherError, Process, Purpose, Streams, Tally, Warm
from synthetic1.sandbox.agent.world import World

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

    def __init__(self, state: str, world: World) -> None:
        self._world = world
        os.set_inheritable(world.filter_fd, False)  # we were given it, programs are not
        self._box = os.path.join(state, "box")
        self._groups = _groups(world.group) if world.group else {}
        self.memory_limit: Literal["cgroup", "address_space"] = "cgroup" if self._groups else "address_space"
        self._limits: dict[Purpose, tuple[int, int]] = {}
        self._pid = os.getpid()
        self._files = os.path.join(state, "files")
        self._has_files = False
        self.orphans_cpu_s, self.orphans_peak_bytes = 0.0, 0
        self._places = {self._box: "/box", **world.places}
        try:
            os.mkdir(self._files, 0o755)
            shown = self._show(state) if world.uid is not None else {}
            self._view = world.view(shown) + world.accounts(state)
        except OSError as error:
            self.close()
            raise LauncherError(f"{error.filename}: {error.strerror}") from None
        confine.adopt_orphans()

    def start(self, command: Command, streams: Streams) -> Process:
        group = self._bounded_group(command)
        account = _Account(group)
        self.orphans_cpu_s, self.orphans_peak_bytes = 0.0, 0
        # Tried out here: what bwrap says of a program it cannot execute and of a mount that fails is the same.
        executable = _is_executable(os.path.join(command.cwd, command.argv[0]))
        with contextlib.ExitStack() as ours:
            try:
                said, says = _pipe()
                ours.callback(os.close, says)
                self._put_files(command)
                # Each bwrap reads the filter from its start.
                filter_fd = _high(os.open(f"/proc/self/fd/{self._world.filter_fd}", os.O_RDONLY))
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
        return _Sandboxed(pid, said, executable, self, account)

    def warm(self, command: Command) -> Warm | None:
        """None: a fork of a warm interpreter would share its namespaces with it."""
        return None

    def sweep(self) -> bool:
        return self.end_children() and self.clear_files()

    def empty(self, folder: str) -> bool:
        return remove_below(folder)

    def close(self) -> None:
        self.sweep()
        for group in self._groups.values():
            with contextlib.suppress(OSError):  # else the next owner's sweep removes it
                group.remove()
        self._groups = {}

    def end_children(self) -> bool:
        """Kill and reap what is left of programs; False: something does not go.

        All of it are descendants of bwrap's process, so each orphan becomes a child of this one.
        """
        deadline = time.monotonic() + _SWEEP_S
        while children := processes.children(self._pid):
            for pid in children:
                try:
                    os.kill(pid, signal.SIGKILL)
                    reaped, _, usage = os.wait4(pid, os.WNOHANG)
                    if reaped:
                        self.orphans_cpu_s += usage.ru_utime + usage.ru_stime
                        self.orphans_peak_bytes = max(self.orphans_peak_bytes, usage.ru_maxrss * 1024)
                        continue
                except (ProcessLookupError, ChildProcessError):
                    continue
            if time.monotonic() > deadline:
                return False
            time.sleep(0.0002)
        try:
            for group in self._groups.values():
                if group.processes():
                    group.kill_all(_SWEEP_S)
        except TimeoutError:
            return False
        return True

    def clear_files(self) -> bool:
        """Free what a program left in memory; False: it stays."""
        if self._has_files:
            try:
                mounts.take_away(self._files)
            except OSError:
                return False
            self._has_files = False
        return True

    def _put_files(self, command: Command) -> None:
        """As root: one file system for all that a program writes; so its size and its files are bounded together.

        Raises:
            OSError: the kernel refuses.
        """
        if self._world.uid is None:
            return
        mounts.put_memory(self._files, _room(command), _FILES)
        self._has_files = True
        for name in ("tmp", "shm", "work"):
            os.mkdir(f"{self._files}/{name}")
            os.chmod(f"{self._files}/{name}", 0o1777)

    def _bounded_group(self, command: Command) -> cgroup.Cgroup | None:
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
        group: cgroup.Cgroup | None,
        inherited: tuple[int, ...],
    ) -> None:
        """In the child."""
        if group is not None:
            group.enter()
        confine.take_streams(streams)
        for fd in inherited:
            os.set_inheritable(fd, True)
        confine.become_victim()
        confine.restore_signals()
        bounds = command.bounds
        own_uid = self._world.uid is not None
        confine.apply(confine.rlimits(bounds, self.memory_limit, own_uid, more_processes=OWN_PROCESSES))
        if self._world.uid is not None:
            confine.become(self._world.uid)
        env = {name: ":".join(map(self._inside, value.split(":"))) for name, value in command.env.items()}
        os.execve(argv[0], argv, env)

    def _arguments(self, command: Command, filter_fd: int, says: int) -> list[str]:
        building = command.purpose == "build"
        argv = [self._world.bwrap, *_NAMESPACES, "--seccomp", str(filter_fd), "--json-status-fd", str(says)]
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
        if not command.argv[0].startswith("/") and os.path.exists(f"{self._world.root}/usr/bin/env"):
            # What was built may look executable and not be; bwrap would fail as it does where we fail, env does not.
            argv += ["/usr/bin/env", "--"]
        return [*argv, self._inside(command.argv[0]), *command.argv[1:]]

    def _inside(self, path: str) -> str:
        """Where programs see what stands at ``path`` outside."""
        for folder, place in self._places.items():
            if path == folder or path.startswith(f"{folder}/"):
                return place + path[len(folder) :]
        return path

    def _show(self, state: str) -> dict[str, str]:
        """Folders to which only root can walk, such as toolchains in its home, where the programs' user can."""
        mounts.leave_for_own_mounts()
        shown = {}
        for number, folder in enumerate({self._world.root, *self._world.toolchains.values()} - {"/"}):
            at = os.path.join(state, f"shown-{number}")
            os.mkdir(at, 0o755)
            mounts.show(folder, at)
            shown[folder] = at
        return shown


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


def _groups(name: str) -> dict[Purpose, cgroup.Cgroup]:
    """One for compilers, one for programs: pages of files that stay cached count for who read them first."""
    build, run = cgroup.create(f"{name}-build"), cgroup.create(f"{name}-run")
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


class _Account:
    """What one program uses, by the slot's control group, in which nothing else is."""

    def __init__(self, group: cgroup.Cgroup | None) -> None:
        self._group = group
        self._cpu_s = self._oom_kills = 0.0
        if group is not None:
            self._cpu_s, self._oom_kills = group.cpu_s(), group.oom_kills()
            group.reset_peak()

    def cpu_s(self) -> float | None:
        return None if self._group is None else self._group.cpu_s() - self._cpu_s

    def peak_bytes(self) -> int | None:
        return None if self._group is None else self._group.peak_bytes()

    def out_of_memory(self) -> bool:
        return self._group is not None and self._group.oom_kills() > self._oom_kills


class _Sandboxed:
    """bwrap's outer process, and through it the program."""

    watch: int | None = None

    def __init__(self, pid: int, said: int, begins: bool, launcher: BubblewrapLauncher, account: _Account) -> None:
        self._pid, self._said, self._begins = pid, said, begins
        self._launcher, self._account = launcher, account
        self._killed = False
        self._exit: Exit | None = None

    def exit(self) -> Exit | None:
        if self._exit is None:
            try:
                pid, status, usage = os.wait4(self._pid, os.WNOHANG)
            except ChildProcessError:
                raise LauncherError("bwrap was reaped by somebody else") from None
            if pid:
                # A control group knows better; the largest process may even be the agent's fork, before it was bwrap.
                peak_bytes = usage.ru_maxrss * 1024 if self._account.peak_bytes() is None else 0
                self._exit = Exit(self._status(status), usage.ru_utime + usage.ru_stime, peak_bytes)
        return self._exit

    def cpu_s(self) -> float:
        counted = self._account.cpu_s()
        if counted is not None:
            return counted
        return sum(map(processes.cpu_s, [self._pid, *processes.descendants(self._pid)]))

    def kill(self) -> None:
        self._killed = True
        if self._exit is None:
            os.kill(self._pid, signal.SIGKILL)  # what is inside has asked to die with it

    def finish(self) -> Tally:
        assert self._exit is not None, "finish comes after exit"
        clean = self._launcher.end_children() and self._launcher.clear_files()
        cpu_s, peak = self._account.cpu_s(), self._account.peak_bytes()
        # bwrap's outer process does not wait for the inner one, in whose rusage the program's is.
        launcher = self._launcher
        return Tally(
            self._exit.cpu_s + launcher.orphans_cpu_s if cpu_s is None else cpu_s,
            max(self._exit.peak_bytes, launcher.orphans_peak_bytes) if peak is None else peak,
            self._account.out_of_memory(),
            clean,
        )

    def _status(self, status: int) -> int:
        """The program's own, from bwrap's, which says 128 + n for signal n, as a shell does.

        Raises:
            LauncherError: bwrap ended before the program began.
        """
        try:
            report = os.read(self._said, 65536)
        except BlockingIOError:
            report = b""
        os.close(self._said)
        if os.WIFSIGNALED(status) or not self._begins:
            return status  # it was killed, by us, or by the kernel for memory
        if b'"exit-code"' not in report and not self._killed and not self._account.out_of_memory():
            raise LauncherError(f"bwrap ended with {os.WEXITSTATUS(status)} before the program began")
        code = os.WEXITSTATUS(status)
        return code - 128 if 128 < code <= 128 + signal.NSIG else status
