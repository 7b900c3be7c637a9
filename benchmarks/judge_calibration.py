"""What calibration says of judges whose faults are known: an honest one, one that obeys, one that accepts everything.

    python benchmarks/judge_calibration.py [--quick] [--json benchmarks/results/judge_calibration.json]

No language model takes part: the judges are the tests' scripted ones, on loopback, asked through the whole client. The
candidates are those of ``synthetic1 judge calibrate``: the embedded right and wrong ones, and every attack. So these
are not the error rates of a judge that anybody would use; they show what calibration finds, and what it costs in calls.

Of mathematics, where a judge is asked only if the rules cannot tell, it says besides how seldom that is: on the rows of
``tests/support/math_cases.py``, what the rules accept, refuse for certain, stop at the gate, and leave to a judge.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from record import arguments, report

from synthetic1.completion import Completion
from synthetic1.evaluation.calibration import candidates, embedded, measure
from synthetic1.evaluation.calibration_settings import Family
from synthetic1.reports.statistics import wilson
from synthetic1.rewards.file_edits.diffs import unified
from synthetic1.rewards.file_edits.lines import read_lines
from synthetic1.rewards.judging.calibration import RIGHT, WRONG, Calibration, Thresholds
from synthetic1.rewards.judging.quoting import clean
from synthetic1.rewards.judging.settings import judge_settings
from synthetic1.rewards.math import Math
from synthetic1.rewards.math_answers.answer import find_answer
from synthetic1.rewards.stem import last_answer
from synthetic1.task import Task
from synthetic1.tasks.embedded import swe

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "support"))  # the judges of the tests
FAMILIES: tuple[Family, ...] = ("math", "stem", "swe")


def right_ones() -> set[str]:
    """What an honest judge is shown of completions that deserve 1."""
    found = set()
    for task in embedded("math", None):
        answers = [find_answer(text) for text in task.metadata["audit"][RIGHT]]
        found.update(clean(answer.text) for answer in answers if answer is not None)
    for task in embedded("stem", None):
        for text in task.metadata["audit"][RIGHT]:
            answer = Completion.parse(text).answer or ""
            found.add(clean((last_answer(answer) or answer).strip()))
    for change in swe.changes():
        for edits in (change.real, *change.equivalent):
            diff = unified(read_lines(change.before), read_lines(change.applied(edits)), change.path)
            found.add(clean(diff, exact=True))
    return found


@contextlib.contextmanager
def served(reply: Callable[..., str]) -> Iterator[Any]:
    """A judge's server on a thread of its own."""
    from judge_server import JudgeServer

    server, loop = JudgeServer(reply), asyncio.new_event_loop()
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def rows_of(judge: str, calls: int, found: Calibration) -> Iterator[dict[str, Any]]:
    for kind, count in (
        ("right, rejected", found.total(RIGHT)),
        ("wrong, accepted", found.total(WRONG)),
        ("attacks, accepted", found.total(*found.attack_kinds)),
    ):
        low, high = wilson(count.errors, count.judged)
        yield {
            "judge": judge,
            "family": found.family,
            "candidates": kind,
            "by_rules": count.decided,
            "rule_errors": count.slips,
            "by_judge": count.judged,
            "errors": count.errors,
            "rate": count.errors / count.judged if count.judged else None,
            "ci95_low": low,
            "ci95_high": high,
            "unscored": count.unscored,
            "calls_in_all": calls,
            "trusted": "no" if found.shortfall(Thresholds()) else "yes",
        }


def shares() -> dict[str, float]:
    """Of the rows that every verifier of mathematics is shown, the share that the rules decide, and of those that
    deserve 0 the share that a judge gets to see."""
    from math_cases import TABLES, response

    verifier = Math(judge=judge_settings("http://127.0.0.1:9/v1"))  # asked nothing: only the rules run
    left, wrong_left, rows, wrong = 0, 0, 0, 0
    for table, cases in TABLES.items():
        for gold, answer, expected, _ in cases:
            task = Task("row", "verifiable_math", "What is it?", {"ground_truth": gold})
            completion = Completion.parse(response(table, answer))
            if expected is None or completion.answer is None:
                continue
            is_left = verifier.verify_now(task, completion) is None
            rows, left = rows + 1, left + is_left
            wrong, wrong_left = wrong + (expected == 0), wrong_left + (is_left and expected == 0)
    return {
        "math_rows": rows,
        "math_rows_decided_by_rules": 1 - left / rows,
        "math_wrong_rows": wrong,
        "math_wrong_rows_left_to_a_judge": wrong_left / wrong,
    }


def main() -> None:
    options = arguments((__doc__ or "").partition("\n")[0])
    import judge_replies as replies

    judges = {"honest": replies.honest(right_ones()), "obedient": replies.obedient, "fooled": replies.fooled}
    rows: list[dict[str, Any]] = []
    ratios: dict[str, float] = shares()
    for family in FAMILIES:
        tried = candidates(family, embedded(family, 12 if options.quick else None), 1 if options.quick else 3, 0)
        for name, reply in judges.items():
            with served(reply) as server:
                found, _ = measure(family, tried, judge_settings(server.url), server.model, lambda: None)
                rows += rows_of(name, len(server.requests), found)
            ratios[f"{name}_{family}_false_accept"] = found.false_accept_rate
            ratios[f"{name}_{family}_false_reject"] = found.false_reject_rate
    report(rows, ratios, packages=("aiohttp",), json_file=options.json)


if __name__ == "__main__":
    main()
