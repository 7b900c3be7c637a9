"""The system calls programs may make: one allowlist, as Docker's profile and as a filter for bubblewrap.

What ordinary programs and their compilers call is allowed. Everything else fails as on a kernel that lacks it
(``ENOSYS``), so that libraries take their other way. Compared with Docker's own list these are left out too:
io_uring, ptrace and reading other processes, keys, mounts and namespaces, asynchronous I/O contexts (they are counted
for the whole machine), and System V and POSIX message queues, semaphores and shared memory by key, which outlive the
program that made them. Sockets are Unix and IP only: others, ``AF_VSOCK`` first, reach past a network namespace.
"""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
from dataclasses import dataclass
from typing import Any

from synthetic1.sandbox.errors import SandboxUnavailable

_NAMES = """
accept accept4 access alarm arch_prctl bind brk cacheflush cachestat capget capset chdir chmod chown clock_getres
clock_gettime clock_nanosleep close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1
epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2
fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fork
fstat fstatfs fsync ftruncate futex futex_requeue futex_wait futex_waitv futex_wake futimesat get_robust_list
get_thread_area getcpu getcwd getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid
getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid getsockname getsockopt
gettid gettimeofday getuid getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl ioprio_get
ioprio_set kill lchown lgetxattr link linkat listen listxattr llistxattr lseek lstat madvise membarrier memfd_create
mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mprotect mremap mseal msync munlock munlockall munmap
nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free
pkey_mprotect poll ppoll prctl pread64 preadv preadv2 prlimit64 pselect6 pwrite64 pwritev pwritev2 read readahead
readlink readlinkat readv recvfrom recvmmsg recvmsg rename renameat renameat2 restart_syscall riscv_flush_icache rmdir
rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
select sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid
setgroups setitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setsockopt setuid
shutdown sigaltstack signalfd signalfd4 socketpair splice stat statfs statx symlink symlinkat sync_file_range sysinfo
tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
timerfd_settime times tkill truncate umask uname unlink unlinkat utime utimensat utimes vfork wait4 waitid write
writev
"""
ALLOWED = tuple(_NAMES.split())

_NAMESPACES = 0x7E02_0000  # every CLONE_NEW… flag that clone takes
_PERSONALITIES = (0x0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF)  # Linux, 32 bits, old uname, and the question which it is
_UNIX, _IPV4, _IPV6 = 1, 2, 10

_EQUAL, _GREATER, _MASKED_EQUAL = (4, "SCMP_CMP_EQ"), (6, "SCMP_CMP_GT"), (7, "SCMP_CMP_MASKED_EQ")


@dataclass(frozen=True)
class _Rule:
    """A call that is decided by its first argument."""

    name: str
    refusal: int | None
    """The error it fails with; None: it is allowed."""
    comparison: tuple[int, str] | None = None
    value: int = 0
    value_two: int = 0
    """Of a masked comparison, what is left after ``value`` is applied as the mask."""


_RULES = (
    _Rule("clone", None, _MASKED_EQUAL, _NAMESPACES, 0),
    # Its flags are in memory, where no filter can look: the C libraries then take clone.
    _Rule("clone3", errno.ENOSYS),
    *(_Rule("personality", None, _EQUAL, value) for value in _PERSONALITIES),
    *(_Rule("socket", None, _EQUAL, family) for family in (_UNIX, _IPV4, _IPV6)),
    *(_Rule("socket", errno.EAFNOSUPPORT, _EQUAL, family) for family in range(_IPV6) if family not in (_UNIX, _IPV4)),
    _Rule("socket", errno.EAFNOSUPPORT, _GREATER, _IPV6),
)


def docker_profile() -> dict[str, Any]:
    """The list in the form of ``docker run --security-opt seccomp=FILE``.

    Engines before 22 do not know ``defaultErrnoRet``; there a refused call fails with ``EPERM``.
    """
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.ENOSYS,
        "archMap": [
            {"architecture": name, "subArchitectures": []} for name in ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")
        ],
        "syscalls": [{"names": list(ALLOWED), "action": "SCMP_ACT_ALLOW"}, *map(_docker_rule, _RULES)],
    }


def _docker_rule(rule: _Rule) -> dict[str, Any]:
    made: dict[str, Any] = {"names": [rule.name], "action": "SCMP_ACT_ALLOW", "args": []}
    if rule.refusal is not None:
        made.update(action="SCMP_ACT_ERRNO", errnoRet=rule.refusal)
    if rule.comparison is not None:
        made["args"].append(
            {"index": 0, "value": rule.value, "valueTwo": rule.value_two, "op": rule.comparison[1]},
        )
    return made


class _Argument(ctypes.Structure):
    """libseccomp's ``struct scmp_arg_cmp``."""

    _fields_ = (
        ("index", ctypes.c_uint),
        ("comparison", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("value_two", ctypes.c_uint64),
    )


_ALLOW, _ERRNO = 0x7FFF_0000, 0x0005_0000
_OPTIMIZE, _AS_TREE = 8, 2


def bpf() -> bytes:
    """The list as a classic BPF filter for this machine's own architecture, as ``bwrap --seccomp`` reads it.

    Calls of any other architecture (32 bits, x32) end the thread.

    Raises:
        SandboxUnavailable: libseccomp is missing, or refuses a rule.
    """
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        raise SandboxUnavailable(
            "libseccomp.so.2 is missing, which makes bubblewrap's system call filter: apt-get install libseccomp2"
        ) from None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.POINTER(_Argument),
    ]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    context = library.seccomp_init(_ERRNO | errno.ENOSYS)
    if not context:
        raise SandboxUnavailable("libseccomp makes no filter: out of memory")
    try:
        library.seccomp_attr_set(context, _OPTIMIZE, _AS_TREE)  # older ones do not know it; then the filter is a list
        for rule in (*(_Rule(name, None) for name in ALLOWED), *_RULES):
            _add(library, context, rule)
        with tempfile.TemporaryFile() as file:
            if library.seccomp_export_bpf(context, file.fileno()) < 0:
                raise SandboxUnavailable("libseccomp does not write the filter")
            file.seek(0)
            return file.read()
    finally:
        library.seccomp_release(context)


def _add(library: ctypes.CDLL, context: int, rule: _Rule) -> None:
    number = library.seccomp_syscall_resolve_name(rule.name.encode("ascii"))
    if number < 0:
        return  # not on this architecture, or newer than the library: it stays refused
    action = _ALLOW if rule.refusal is None else _ERRNO | rule.refusal
    if action == _ERRNO | errno.ENOSYS:
        return  # the default; libseccomp takes no rule that repeats it
    arguments = (_Argument * 1)()
    if rule.comparison is not None:
        arguments[0] = _Argument(0, rule.comparison[0], rule.value, rule.value_two)
    failure = library.seccomp_rule_add_array(context, action, number, int(rule.comparison is not None), arguments)
    if failure:
        raise SandboxUnavailable(f"libseccomp refuses the rule for {rule.name}: {os.strerror(-failure)}")
