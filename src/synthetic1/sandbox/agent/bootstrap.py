"""Where the agent's process begins: ``python3 -I -S …/agent/bootstrap.py ARGUMENTS``, wherever the folder lies.

The agent's modules are called ``synthetic1.sandbox.agent.…`` as everywhere. Their parent packages are empty stand-ins
here: the real ones may not be there, and would import packages that ``-S`` does not know.
"""

from __future__ import annotations

import os
import sys
import types

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # in which `agent` lies


def start(arguments: list[str]) -> None:
    """Put the stand-ins in place and run the agent until its host is gone."""
    for name, path in (("synthetic1", []), ("synthetic1.sandbox", [_FOLDER])):
        package = types.ModuleType(name)
        package.__path__ = path
        sys.modules[name] = package
    from synthetic1.sandbox.agent.main import main

    main(arguments)


if __name__ == "__main__":
    start(sys.argv[1:])
