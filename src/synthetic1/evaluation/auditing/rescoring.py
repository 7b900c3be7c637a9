"""Where two verifiers disagree on rollouts that somebody stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from synthetic1.completion import Completion
from synthetic1.jobs.program import ProgramError
from synthetic1.reports.readable import cut, one_line
from synthetic1.rewards.registry import UnknownTaskType
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.readers import reader_for, with_parsed_columns
from synthetic1.tasks.sources.file_rows import SUFFIXES, rows_of_file
from synthetic1.verdict import Verdict

COMPLETIONS = ("llm_response", "completion", "response")
"""Columns that may hold a completion's text, in the order in which they are tried."""
SCORES = ("score", "reward")
ROLLOUTS_AT_ONCE = 256
KEPT = 200  # disagreements
SHOWN = 500  # characters of a gold or a completion that are kept


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A rollout of a file, and the score that is stored with it."""

    task: Task
    completion: Completion
    score: float | None
    where: str


@dataclass(frozen=True)
class Disagreement:
    """A rollout that two verifiers score differently."""

    where: str
    task: str
    task_type: str
    gold: str
    completion: str
    before: float | None
    after: float | None
    reason: str


@dataclass
class Rescoring:
    """How often two verifiers agree, and where they do not."""

    pairs: defaultdict[str, Counter[tuple[float | None, float | None]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    """By task type: (score before, score now) → rollouts."""
    disagreements: list[Disagreement] = field(default_factory=list)
    """The first 200."""
    not_scored: Counter[str] = field(default_factory=Counter)
    """Rows that are left out, by why."""

    @property
    def rollouts(self) -> int:
        return sum(count for counts in self.pairs.values() for count in counts.values())

    @property
    def changed(self) -> int:
        return sum(
            count for counts in self.pairs.values() for (before, after), count in counts.items() if before != after
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "rollouts": self.rollouts,
            "changed": self.changed,
            "by_task_type": {
                name: [
                    {"before": before, "after": after, "rollouts": count} for (before, after), count in _most(counts)
                ]
                for name, counts in self.pairs.items()
            },
            "disagreements": [asdict(one) for one in self.disagreements],
            "not_scored": dict(self.not_scored),
        }


def rescore(
    files: Iterable[str], scorer: Scorer, other: Scorer | None, advance: Callable[[], None] = lambda: None
) -> Rescoring:
    """Score the rollouts of ``files``.

    Args:
        scorer: by the tasks' own verifiers.
        other: by the one they are compared with; without it, the stored scores are.

    Raises:
        ProgramError: a file that cannot be read, or holds no rollouts.
    """
    found = Rescoring()
    stored = (rollout for file in files for rollout in _stored(file, found.not_scored, needs_score=other is None))
    while batch := list(islice(stored, ROLLOUTS_AT_ONCE)):
        pairs = [(rollout.task, rollout.completion) for rollout in batch]
        now = scorer.score_sync(pairs)
        before = [rollout.score for rollout in batch] if other is None else [v.score for v in other.score_sync(pairs)]
        for rollout, score, verdict in zip(batch, before, now, strict=True):
            _add(found, rollout, score, verdict)
            advance()
    if not found.rollouts:
        why = "; ".join(f"{count:,} {why}" for why, count in found.not_scored.items())
        raise ProgramError(f"there are no rollouts to score: {why or 'no rows'}")
    return found


def _stored(file: str, left_out: Counter[str], *, needs_score: bool) -> Iterator[StoredScore]:
    path = Path(file)
    if not path.is_file() or not path.name.lower().endswith(SUFFIXES):
        raise ProgramError(f"--rescore reads files of rollouts ({', '.join(SUFFIXES)}), got {file}")
    try:
        for where, row in rows_of_file(path):
            if (rollout := _read(row, where, left_out, needs_score=needs_score)) is not None:
                yield rollout
    except (ValueError, OSError) as error:
        raise ProgramError(f"--rescore: {error}") from None


def _read(row: Any, where: str, left_out: Counter[str], *, needs_score: bool) -> StoredScore | None:
    if not isinstance(row, Mapping):
        left_out["rows that are not objects"] += 1
        return None
    text = next((row[name] for name in COMPLETIONS if isinstance(row.get(name), str)), None)
    score = next((row[name] for name in SCORES if isinstance(row.get(name), int | float)), None)
    if text is None:
        left_out[f"rows without a completion ({', '.join(COMPLETIONS)})"] += 1
    elif score is None and needs_score:
        left_out[f"rows without a score ({', '.join(SCORES)}); name a second verifier with --verifier"] += 1
    else:
        try:
            task = reader_for(list(row), where).read(with_parsed_columns(row), where)
            return StoredScore(task, Completion.parse(text), None if score is None else float(score), where)
        except (TaskError, UnknownTaskType):
            left_out["rows that are not tasks"] += 1
    return None


def _add(found: Rescoring, rollout: StoredScore, before: float | None, verdict: Verdict) -> None:
    found.pairs[rollout.task.task_type][before, verdict.score] += 1
    if before != verdict.score and len(found.disagreements) < KEPT:
        gold = rollout.task.verification_info.get("ground_truth") or rollout.task.gold_standard_solution or ""
        found.disagreements.append(
            Disagreement(
                rollout.where,
                rollout.task.problem_id,
                rollout.task.task_type,
                cut(str(gold), SHOWN),
                cut(rollout.completion.raw[-SHOWN:], SHOWN),
                before,
                verdict.score,
                verdict.reason,
            )
        )


def _most(
    counts: Mapping[tuple[float | None, float | None], int],
) -> list[tuple[tuple[float | None, float | None], int]]:
    return sorted(counts.items(), key=lambda item: -item[1])


def render_rescoring(found: Rescoring, before: str) -> str:
    """What a person wants to know: how many changed, from which score to which, and examples."""
    share = found.changed / found.rollouts
    lines = [f"{found.rollouts:,} rollouts, {found.changed:,} ({share:.2%}) scored otherwise than by {before}", ""]
    for task_type, counts in found.pairs.items():
        for (was, now), count in _most(counts):
            mark = "" if was == now else "  *"
            lines.append(f"  {task_type}  {_shown(was):>6} → {_shown(now):<6} {count:>9,}{mark}")
    for one in found.disagreements[:20]:
        lines += [
            "",
            f"{one.where}, task {one.task}: {_shown(one.before)} → {_shown(one.after)} ({one.reason})",
            f"  gold {one_line(one.gold, 100)}",
            f"  answer … {one_line(one.completion[-160:], 160)}",
        ]
    lines += ["", *(f"not scored: {count:,} {why}" for why, count in found.not_scored.items())]
    return "\n".join(lines).rstrip()


def _shown(score: float | None) -> str:
    return "none" if score is None else f"{score:g}"
