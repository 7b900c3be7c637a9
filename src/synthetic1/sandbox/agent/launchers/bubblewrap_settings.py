"""Settings of the bubblewrap launcher: what programs see of the machine, and who they are there."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

TOOLCHAINS = "/opt"
"""Where programs see toolchains that do not stand under /usr."""
_ACCOUNTS = {
    "passwd": "root:x:0:0::/:/bin/sh\nsandbox:x:{number}:{number}::/tmp:/bin/sh\n",
    "group": "root:x:0:\nsandbox:x:{number}:\n",
}
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime")


@dataclass(frozen=True)
class BubblewrapSettings:
    """What programs see of this machine, and who they are."""

    bwrap: str
    """Its path."""
    root: str
    """The folder whose ``usr``, ``bin``, ``lib`` … they see as theirs: ``/``, or a root file system made for them."""
    toolchains: Mapping[str, str]
    """Name → folder; programs see it as ``/opt/NAME``."""
    uid: int | None
    """The user they run as, outside of their namespaces too; None: as this process, which is not root."""
    filter_fd: int
    """A descriptor that the agent inherits, of a file that holds the system call filter."""
    group: str | None
    """What the names of the control groups to make for them begin with; None: make none."""

    def to_json(self) -> str:
        """As the agent's command line takes it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> BubblewrapSettings:
        """From ``to_json``."""
        return cls(**json.loads(text))

    @property
    def places(self) -> dict[str, str]:
        """Folder outside → where programs see it."""
        places = {folder: f"{TOOLCHAINS}/{name}" for name, folder in self.toolchains.items()}
        return places if self.root == "/" else {**places, self.root: ""}

    def view(self, shown: Mapping[str, str]) -> list[str]:
        """bwrap's arguments for what every program sees, read-only.

        Args:
            shown: folders to take instead of those named here.
        """
        root = shown.get(self.root, self.root)
        argv = []
        for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", *(["opt"] if self.root != "/" else [])):
            path = os.path.join(root, name)
            if os.path.islink(path):
                argv += ["--symlink", os.readlink(path), f"/{name}"]
            elif os.path.isdir(path):
                argv += ["--ro-bind", path, f"/{name}"]
        for name in _ETC:
            argv += ["--ro-bind-try", os.path.join(root, "etc", name), f"/etc/{name}"]
        for name, folder in self.toolchains.items():
            argv += ["--ro-bind", shown.get(folder, folder), f"{TOOLCHAINS}/{name}"]
        # The first process is bwrap's own, as the same user: a program could write into its memory.
        return [*argv, "--proc", "/proc", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1", "--dev", "/dev"]

    def accounts(self, state: str) -> list[str]:
        """bwrap's arguments for the user list that programs see: root and themselves. It is written to ``state``."""
        number = os.getuid() if self.uid is None else self.uid
        argv = []
        for name, line in _ACCOUNTS.items():
            lines = line.format(number=number)
            path = os.path.join(state, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(lines)
            os.chmod(path, 0o644)
            argv += ["--ro-bind", path, f"/etc/{name}"]
        return argv

    @staticmethod
    def forget_accounts(state: str) -> None:
        """Remove what ``accounts`` wrote."""
        for name in _ACCOUNTS:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(state, name))
