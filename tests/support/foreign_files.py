"""Files of many kinds, as repositories have them: some in many conditions, and a sample of what is installed."""

from __future__ import annotations

import random
import re
import sysconfig
from pathlib import Path

_WRITTEN = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split("%%%%%%%% ")[1:]
SMALL = dict(part.split("\n", 1) for part in _WRITTEN) | {
    "x.txt": "a\n\n\n\nb\n\x0c\nc\u2028d\x85e\n\u00a0\nf\n",
    "x.blank": "\n\n\na\n\n\n\nb\n\n\n\n",
    "x.tabs": "\ta\n\t\tb\n  \t c\n\t\td\n\t\tb\n",
    "x.same": "a\n" * 12 + "b\n" + "a\n" * 12,
}
CONDITIONS = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "no newline at its end": lambda text: text.rstrip("\n"),
    "byte order mark": lambda text: "\ufeff" + text,
    "empty lines at both ends": lambda text: "\n\n" + text + "\n\n\n",
    "white space at line ends": lambda text: text.replace("\n", " \t\n"),
}


def small_files():
    """(path, text): each of ``SMALL`` in each of ``CONDITIONS``."""
    return [(path, condition(text)) for path, text in SMALL.items() for condition in CONDITIONS.values()]


_FENCED = re.compile("^[ \t]*(?:```|~~~)", re.MULTILINE)
_SUFFIXES = (".py", ".md", ".rst", ".js", ".html", ".css", ".h", ".toml", ".yaml", ".txt", ".pyx", ".j2", ".cu", ".sh")


def installed_files(count, seed=0, most=20_000):
    """(path, text) of ``count`` files of the standard library and of installed packages, half of them with fences where
    there are as many."""
    rng = random.Random(seed)
    folders = sorted(
        folder
        for name in ("stdlib", "purelib")
        for folder in Path(sysconfig.get_paths()[name]).iterdir()
        if folder.is_dir() and folder.name != "site-packages"
    )
    rng.shuffle(folders)
    fenced, others = [], []
    for folder in folders:
        if len(fenced) >= count // 2 and len(others) >= count:
            break
        paths = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES)
        for path in rng.sample(paths, min(len(paths), 60)):
            text = _text(path, most)
            if text is not None:
                (fenced if _FENCED.search(text) else others).append((path.name, text))
    fenced = fenced[: count // 2]
    return fenced + others[: count - len(fenced)]


def _text(path, most):
    """The text of a file of between 80 and ``most`` bytes."""
    try:
        if not 80 <= path.stat().st_size <= most:
            return None
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def changed(text, rng):
    """Another text: some lines are taken away, doubled, swapped, or have other words."""
    lines = text.splitlines(keepends=True)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines)) if lines else 0
        match rng.randrange(5):
            case 0:
                lines[at : at + rng.randint(1, 3)] = []
            case 1:
                lines[at:at] = lines[at : at + 2]
            case 2:
                lines[at:at] = [f"changed {rng.randrange(100)}\n"]
            case 3 if lines:
                lines[at] = f"{rng.randrange(10)} {lines[at]}"
            case _ if len(lines) > 1:
                other = rng.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
    return "".join(lines)
