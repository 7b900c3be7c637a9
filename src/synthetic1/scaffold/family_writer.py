"""Writes the files of a new family from templates."""

from __future__ import annotations

import json
import keyword
import re
from importlib.resources import files
from pathlib import Path

PLACES = {
    "pyproject": "pyproject.toml",
    "readme": "README.md",
    "package_init": "NAME/__init__.py",
    "verifier": "NAME/verifier.py",
    "env": "NAME/env.py",
    "config": "NAME/configs/env/NAME.yaml",
    "tests": "tests/test_NAME.py",
}
"""Template → the file that it becomes."""
TAKEN = frozenset(
    {"code", "code_output_prediction", "code_understanding", "custom", "llm_judgeable_groundtruth_similarity", "math"}
    | {"mixture", "stem", "swe", "synthetic1", "verifiable_code", "verifiable_code_understanding", "verifiable_math"}
)
"""Families, choices of `env=` and task types that there are."""
SENTENCES = (
    "the quick brown fox jumps over the lazy dog",
    "a stitch in time saves nine",
    "better late than never",
    "every cloud has a silver lining",
    "the early bird catches the worm",
    "actions speak louder than words",
    "look before you leap",
    "many hands make light work",
    "practice makes perfect",
    "still waters run deep",
    "the pen is mightier than the sword",
    "when in Rome do as the Romans do",
    "no news is good news",
    "fortune favours the bold",
    "honesty is the best policy",
    "two heads are better than one",
    "where there is smoke there is fire",
    "you cannot judge a book by its cover",
    "all that glitters is not gold",
    "birds of a feather flock together",
    "curiosity killed the cat",
    "easy come easy go",
    "haste makes waste",
    "old habits die hard",
    "rome was not built in a day",
    "slow and steady wins the race",
    "time and tide wait for no man",
    "well begun is half done",
    "who laughs last laughs best",
    "a rolling stone gathers no moss",
)
"""What the tasks that are brought ask about."""


class FamilyError(ValueError):
    """A family that cannot be written. The message is one line: what is wrong, what would be right."""

    user_error = True


def write_family(name: str, folder: Path) -> list[Path]:
    """Write a package ``name`` with its tests into ``folder``, and say which files those are.

    Raises:
        FamilyError: the name is not one of a module, or is taken; the folder holds something.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise FamilyError(f"`{name}` cannot be the name of a package: lower-case letters, digits and _, e.g. my_env")
    if name in TAKEN:
        raise FamilyError(f"`{name}` is a family or a task type of this package: choose another name")
    if _is_taken(name, folder):
        raise FamilyError(f"a package `{name}` is installed already, which would hide the new one: choose another name")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FamilyError(f"{folder} is there and not empty: choose another folder, --folder=…, or remove it")
    names = {"NAME": name, "CLASS": _class_name(name), "TASK_TYPE": name}
    texts = {
        place: files("synthetic1.scaffold.templates").joinpath(f"{template}.txt").read_text(encoding="utf-8")
        for template, place in PLACES.items()
    }
    texts |= {"NAME/configs/__init__.py": "", "NAME/configs/env/__init__.py": "", "NAME/tasks.jsonl": _tasks(name)}
    written = []
    for place, text in texts.items():
        path = folder / _named(place, names)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_named(text, names), encoding="utf-8")
        except OSError as error:
            raise FamilyError(f"{path} cannot be written: {error.strerror}") from error
        written.append(path)
    return written


def _is_taken(name: str, folder: Path) -> bool:
    """Whether something else answers to ``import name``; a folder that this person is in does not count."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(name)
    if spec is None:
        return False
    found = Path(next(iter(spec.submodule_search_locations or ()), None) or spec.origin or "").absolute()
    return found.parent not in {Path.cwd(), folder.absolute()}


def _class_name(name: str) -> str:
    """``my_env`` → ``My``, to which the templates add ``Env`` and ``Verifier``."""
    parts = [part.capitalize() for part in name.split("_")]
    return "".join(parts[:-1] if len(parts) > 1 and parts[-1] == "Env" else parts)


def _named(text: str, names: dict[str, str]) -> str:
    return re.sub("|".join(names), lambda found: names[found[0]], text)


def _tasks(name: str) -> str:
    """The tasks that are brought, a JSON object a line."""
    rows = (
        {
            "problem_id": f"{name}/{number}",
            "task_type": "TASK_TYPE",
            "source": name,
            "prompt": f"Write the words of this sentence in reverse order: {sentence}\n\n"
            "End with a line that begins with `Answer:`.",
            "verification_info": {"ground_truth": " ".join(reversed(sentence.split()))},
            "metadata": {"level": 1 + len(sentence.split()) // 4},
        }
        for number, sentence in enumerate(SENTENCES)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)
