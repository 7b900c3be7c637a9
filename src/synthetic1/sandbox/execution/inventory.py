"""Which declared packages and features a sandbox has: programs of ours ask its own interpreters and compilers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from synthetic1.sandbox.agent import missing_modules
from synthetic1.sandbox.languages.language import ProgramPlan
from synthetic1.sandbox.languages.packages import Package
from synthetic1.sandbox.result import Result

Ask = Callable[[str, ProgramPlan, str], Awaitable[Result]]
"""(language, plan, stdin) → how it ended."""


async def find_missing(ask: Ask, packages: Sequence[Package]) -> frozenset[Package]:
    """The packages that are not there, or do not work. Those of a language whose tools are missing count as missing.

    Raises:
        SandboxError: the sandbox failed.
    """
    missing: set[Package] = set()
    python = [package for package in packages if package.language == "python"]
    plan = ProgramPlan(
        files={"main.py": Path(missing_modules.__file__).read_bytes()}, argv=("{python}", "-s", "-B", "../main.py")
    )
    result = await ask("python", plan, " ".join(package.name for package in python))
    absent = result.stdout.decode("ascii", errors="replace").split()
    missing.update(package for package in python if result.status != "ok" or package.name in absent)
    for package in packages:
        if package.language == "cpp":
            argv = ("{cxx}", "-E", "-x", "c++", "-include", package.header, "-o", "/dev/null", "/dev/null")
            if (await ask("cpp", ProgramPlan(files={}, argv=argv), "")).status != "ok":
                missing.add(package)
    return frozenset(missing)
