"""Prints which of the modules named on stdin cannot be imported. Runs inside; standard library only."""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    for name in sys.stdin.read().split():
        try:
            importlib.import_module(name)  # the only proof: a package can be there and not work
        except BaseException:
            print(name)


if __name__ == "__main__":
    main()
