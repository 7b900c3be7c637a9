"""The embedded changes: enough of them, whole, and each completion worth what it is said to be."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from synthetic1 import Completion, Scorer, Task
from synthetic1.rewards.file_edits.diffs import unified
from synthetic1.rewards.file_edits.lines import read_lines
from synthetic1.rewards.judging.judge import judge_settings
from synthetic1.rewards.judging.quoting import clean
from synthetic1.rewards.swe import Swe
from synthetic1.tasks import open_tasks
from synthetic1.tasks.embedded import swe

TASKS = list(open_tasks("embedded:swe"))


@pytest.fixture(scope="module")
def changes(require):
    require("the folder of embedded changes", swe.FOLDER.is_dir(), "run the tests in a checkout")
    return swe.changes()


def test_enough_of_them_in_enough_languages():
    assert len(TASKS) >= 30
    assert len({task.problem_id for task in TASKS}) == len(TASKS)
    languages = Counter(task.metadata["language"] for task in TASKS)
    assert len(languages) >= 4
    assert sum(count >= 3 for count in languages.values()) >= 4
    assert len({task.metadata["level"] for task in TASKS}) >= 5


def test_the_file_is_what_the_folder_makes(changes):
    assert swe.PATH.read_bytes() == swe.content()
    assert [Task.from_row(json.loads(line)) for line in swe.content().splitlines()] == TASKS


def test_the_commit_is_not_in_the_prompt():
    for task in TASKS:
        assert task.gold_standard_solution not in task.prompt
        assert task.verification_info["before"] in task.prompt


@pytest.fixture(scope="module")
def accepted(changes):
    """The diffs an honest judge accepts, as it is shown them: of the commits, and of what behaves like them."""
    return {
        clean(unified(read_lines(change.before), read_lines(change.applied(edits)), change.path), exact=True)
        for change in changes
        for edits in (change.real, *change.equivalent)
    }


def test_each_completion_is_worth_what_is_said_of_it(accepted, serve_judge, judge_replies):
    """With a judge that knows which changes behave alike, rules alone stand between a completion and its worth."""
    server = serve_judge(judge_replies.honest(accepted))
    cases = [
        (task, text, float(kind == "right"))
        for task in TASKS
        for kind in ("right", "wrong")
        for text in task.metadata["audit"][kind]
    ]
    with Scorer([Swe(judge_settings(server.url))]) as scorer:
        verdicts = scorer.score_sync([(task, Completion.parse(text)) for task, text, _ in cases])
    wrongly = [
        (task.problem_id, text[:80], verdict)
        for (task, text, worth), verdict in zip(cases, verdicts, strict=True)
        if verdict.score != worth
    ]
    assert wrongly == []
    asked = Counter(verdict.details.get("decided_by") for verdict in verdicts)
    assert asked["judge"] >= 2 * len(TASKS)  # equivalent changes, and most of the wrong ones
    assert asked["fast_path"] >= 2 * len(TASKS)
    assert asked["gate"] >= 7 * len(TASKS)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("path: a\nlanguage: python\nlevel: 1\n\nDo.\n\n@@ before\nx\n@@ real\n", "equivalent change and two wrong"),
        (
            "path: a\nlanguage: python\nlevel: 1\n\nDo.\n\n@@ before\nx\n@@ real\n"
            "@@ equivalent: so\n@@ wrong: so\n@@ wrong: too\n",
            None,
        ),
    ],
)
def test_a_change_without_its_parts_is_refused(tmp_path, text, why):
    path = tmp_path / "one.change"
    path.write_text(text)
    if why is None:
        assert swe.read(path).slug == "one"
    else:
        with pytest.raises(ValueError, match=why):
            swe.read(path)


def test_a_search_that_is_not_there_once_is_refused(changes):
    with pytest.raises(ValueError, match="SEARCH is there 0 times"):
        changes[0].applied("<<<<<<< SEARCH\nno such line\n=======\n>>>>>>> REPLACE\n")
