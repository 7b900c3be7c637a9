"""What can go wrong on our side. None of these says anything about a program."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox failed while it ran a program, also on a second slot. The message is one line and says why."""


class SandboxUnavailable(SandboxError):
    """No sandbox of the wanted kind works here (now). The message says what would bring one."""


class MissingPackage(SandboxError):
    """A program failed here that needs a package, method or standard which this sandbox should have, and has not."""


class UnknownLanguage(ValueError):
    """No such language, or its toolchain is not in this sandbox. The message names those there are."""
