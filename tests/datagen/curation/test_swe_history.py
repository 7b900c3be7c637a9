"""The swe recipe on histories: one of its own making with every kind of commit, and this repository's."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from commit_rows import AFTER, BEFORE, finished, reason

from synthetic1.datagen.curation.recipes.commits.git_history import git_rows
from synthetic1.datagen.curation.recipes.swe import SweCuration, SweRecipe
from synthetic1.jobs.program import ProgramError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def history(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*arguments, author="Ann Example"):
        said = {"NAME": author, "EMAIL": "a@b.example", "DATE": "2024-01-01T00:00:00Z"}
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in said.items()}
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env={**env, **who})

    def commit(message, author="Ann Example", **files):
        for name, text in files.items():
            path = folder / name.replace("__", ".")
            path.write_bytes(text) if isinstance(text, bytes) else path.write_text(text)
        git("add", "-A")
        git("commit", "-q", "-m", message, author=author)

    git("init", "-q", "-b", "main")
    commit(
        "Begin", LICENSE="Permission is hereby granted, free of charge, to any person obtaining a copy", a__py=BEFORE
    )
    commit("Count the quantity of every order in the total\n\nÄ: and one by default.", a__py=AFTER)
    commit("Add a picture of the shop", b__py=b"\x89PNG\0\0\1")
    commit("Add two files at once", c__py="A = 1\n", d__py="B = 1\n")
    commit("Add limits of the basket", author="dependabot[bot]", c__py="A = 2\nB = 3\n")
    git("checkout", "-q", "-b", "side", "HEAD~1")
    commit("Use larger limits of the basket", d__py="B = 100\nC = 200\n")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "Merge branch 'side'", "side")
    (folder / "link.py").symlink_to("a.py")
    commit("Add a link to the orders")
    git("rm", "-q", "b.py")
    commit("Remove the picture of the shop")
    return folder


def test_a_local_repository(history):
    recipe = SweRecipe(SweCuration())
    rows = list(recipe.rows([f"git:{history}"]))
    assert [row.fields for row in rows] == [row.fields for row in recipe.rows([f"git:{history}/."])]
    found = {row.fields["subject"]: reason(row) for row in rows}
    assert found == {
        "Remove the picture of the shop": "deleted",
        "Add a link to the orders": "not_a_file",
        "Merge branch 'side'": "merge",
        "Use larger limits of the basket": None,
        "Add limits of the basket": "bot_author",
        "Add two files at once": "several_files",
        "Add a picture of the shop": "binary",
        "Count the quantity of every order in the total": None,
        "Begin": "several_files",
    }
    (row,) = (row for row in rows if row.fields["subject"].startswith("Count"))
    (task,), draft = finished(row)
    assert (task.verification_info["before"], task.gold_standard_solution) == (BEFORE, AFTER)
    assert "Ä: and one by default." in task.prompt
    assert draft.origin["author"] == "Ann Example"
    assert (draft.origin["license"], draft.origin["dataset"]) == ("mit", "git:small")
    state = SweRecipe(SweCuration()).state_of([f"git:{history}"])
    assert state == {f"git:small at {rows[0].fields['commit'][:12]}": rows[0].fields["commit"]}
    main_line = SweRecipe(SweCuration(history="first_parent", revision="main"))
    assert "Use larger limits of the basket" not in {
        row.fields["subject"] for row in main_line.rows([f"git:{history}"])
    }


def test_what_is_not_a_repository(tmp_path, history, monkeypatch):
    recipe = SweRecipe(SweCuration())
    with pytest.raises(ProgramError, match="is not a git repository"):
        list(recipe.rows([f"git:{tmp_path}"]))
    with pytest.raises(ProgramError, match="no such folder"):
        list(recipe.rows([f"git:{tmp_path}/nowhere"]))
    with pytest.raises(ProgramError, match="no revision `absent`"):
        list(SweRecipe(SweCuration(revision="absent")).rows([f"git:{history}"]))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramError, match="git, which is not installed"):
        list(recipe.rows([f"git:{history}"]))


def test_reading_stops_where_the_reader_stops(history):
    rows = git_rows(str(history), revision="HEAD", first_parent=False)
    assert next(rows).number == 1
    rows.close()  # neither waits for git nor takes its end for a failure


SOUND = """
5b417a3 3841a60 7c3c1a2 de92abe 4f4beb2 e0dc948 ecbe894 1b843a9 2a424a9 8586793 ae3b0fd d0037db 2199939 fb4926d
b5fd849 d1de3fd e3fe0d6 d1bd1c3 cb0de71 d1993ed b6460db 8dffe3f 51b837f 02a443a 3d48540 7710d2b
"""
READ_BY_HAND = {
    # what a person says who read the commit, mood apart: one file, written by hand, a change that can be asked for
    **dict.fromkeys(SOUND.split()),
    "6945f4c": "holds_thought_tags",  # a picture of how completions are split
    "3d864c5": "too_large",  # results of a benchmark, measured anew
    "04c301c": "too_small",  # one line
    "a074892": "several_files",  # a large move
}


def test_this_repositorys_own_history():
    shown = subprocess.run(
        ["git", "-C", str(ROOT), "rev-list", "--count", "HEAD"], capture_output=True, text=True, check=False
    )
    if shown.returncode or int(shown.stdout) < 50:
        pytest.skip("this is not a checkout with its history")
    recipe = SweRecipe(SweCuration(imperative=False))
    found = {row.fields["commit"][:7]: (reason(row, imperative=False), row) for row in recipe.rows([f"git:{ROOT}"])}
    judged = {name: why for name, why in READ_BY_HAND.items() if name in found}
    if len(judged) < 25:
        pytest.skip("this history has been rewritten")
    assert {name: found[name][0] for name in judged} == judged
    ours = "holds_thought_tags"  # a project about completions has many such files
    alone = [why for why, row in found.values() if row.fields["files"] == 1 and why != ours]
    kept = alone.count(None)
    print(f"{len(found)} commits, {len(alone)} to one file, {kept} kept: {Counter(why for why, _ in found.values())}")
    assert kept / len(alone) > 0.9
    assert reason(found["bb89f6b"][1]) is None  # "Drop a clock phase nobody reads": the mood that is wanted
    assert reason(found["5b417a3"][1]) == "not_imperative"  # "Math: plain integers are read at once"
    assert found["5b417a3"][1].fields["license"] == "apache-2.0"
