"""Mounts that only this process and its children see."""

from __future__ import annotations

import ctypes
import os

_CLONE_NEWNS = 0x2_0000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT = 0x1, 0x2, 0x4, 0x20
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x4_0000
_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def unshare_mounts() -> None:
    """Have a mount table of our own, from which nothing gets out.

    Raises:
        OSError: we are not root, or may not for another reason.
    """
    _check(_libc.unshare(_CLONE_NEWNS), "a mount namespace")
    _check(_libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None), "private mounts")


def bind_read_only(folder: str, at: str) -> None:
    """Show ``folder``, read-only, at the empty folder ``at``. Who may not walk to the one can still use the other.

    Raises:
        OSError: the kernel refuses.
    """
    source, target = os.fsencode(folder), os.fsencode(at)
    _check(_libc.mount(source, target, None, ctypes.c_ulong(_MS_BIND), None), f"{folder} at {at}")
    flags = ctypes.c_ulong(_MS_REMOUNT | _MS_BIND | _MS_RDONLY)
    _check(_libc.mount(None, target, None, flags, None), f"{at} read-only")


def mount_memory(at: str, size_bytes: int, entries: int) -> None:
    """Mount an empty file system in memory at the folder ``at``. What is written there counts for who writes it.

    Raises:
        OSError: the kernel refuses.
    """
    options = f"size={size_bytes},nr_inodes={entries},mode=0755".encode("ascii")
    flags = ctypes.c_ulong(_MS_NOSUID | _MS_NODEV)
    _check(_libc.mount(b"tmpfs", os.fsencode(at), b"tmpfs", flags, options), f"memory at {at}")


def unmount(at: str) -> None:
    """Undo ``mount_memory``, which frees the memory.

    Raises:
        OSError: nothing is mounted there.
    """
    _check(_libc.umount2(os.fsencode(at), _MNT_DETACH), at)


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)
