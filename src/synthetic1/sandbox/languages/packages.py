"""The packages beyond the standard libraries that programs may use: one list, for every backend.

The image installs them. Where another backend lacks one, a program that needs it cannot be verified there, and that is
our failure, not the program's. Programs that import anything else fail.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """One package."""

    name: str
    """What programs import or include: ``numpy``; of C++, the folder of its headers."""
    language: str
    debian: str
    """What the image installs, with its version as apt understands it."""
    header: str = ""
    """Of C++, a header that shows whether it is there."""


PACKAGES = (
    Package("numpy", "python", "python3-numpy=1:1.24.*"),
    Package("scipy", "python", "python3-scipy=1.10.*"),
    Package("sympy", "python", "python3-sympy=1.11.*"),
    Package("networkx", "python", "python3-networkx=2.8.*"),
    Package("sortedcontainers", "python", "python3-sortedcontainers=2.4.*"),
    Package("boost", "cpp", "libboost-dev=1.74.*", "boost/version.hpp"),
)

_IMPORTS = {
    "python": re.compile(r"(?:^|[;:])[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([^;#\n]+))", re.MULTILINE),
    "cpp": re.compile(r'^[ \t]*\#[ \t]*include[ \t]*[<"]([^>"\n/]+)/', re.MULTILINE),
}


def imported_packages(source: str, language: str) -> list[Package]:
    """Those that a program's text imports, as statements say it; what is imported by other means is not seen."""
    imports = _IMPORTS.get(language)
    if imports is None:
        return []
    names = {
        part.strip().partition(" ")[0].partition(".")[0]
        for found in imports.finditer(source)
        for part in found[found.lastindex or 0].split(",")
    }
    return [package for package in PACKAGES if package.language == language and package.name in names]


def install_advice(packages: Collection[Package]) -> str:
    """One command for all of them."""
    return " ".join(["apt-get install", *(package.debian.partition("=")[0] for package in packages)])
