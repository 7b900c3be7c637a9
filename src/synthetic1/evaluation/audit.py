"""`synthetic1 audit`: how often does a verifier accept what is wrong, and reject what is right?"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path

from synthetic1.evaluation.auditing import gold_rows  # noqa: F401 - makes `{"gold": …}` readable
from synthetic1.evaluation.auditing.case import CaseMaker
from synthetic1.evaluation.auditing.counts import AuditCounts, UnscorableGold
from synthetic1.evaluation.auditing.kind_cases import stem_cases, swe_cases
from synthetic1.evaluation.auditing.math_cases import MathCases
from synthetic1.evaluation.auditing.page import AuditRun, render_page
from synthetic1.evaluation.auditing.prediction_cases import PredictionCases
from synthetic1.evaluation.auditing.program_cases import ProgramCases
from synthetic1.evaluation.auditing.rescoring import render_rescoring, rescore
from synthetic1.evaluation.auditing.running import audit
from synthetic1.evaluation.auditing.summary import render
from synthetic1.evaluation.named_sources import evenly, families, open_sources, readable
from synthetic1.jobs.program import USAGE_ERROR, ProgramError
from synthetic1.reports.progress import progress
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.scale.choice import chosen_scorer, held_cluster
from synthetic1.scale.settings import RaySection
from synthetic1.task import TaskError

DEFAULT_LIMIT = 1_000  # golds of each source


def case_makers(*, thorough: bool = False) -> dict[str, CaseMaker]:
    """What makes the cases of each task type; close them at the end."""
    return {
        "verifiable_math": MathCases(),
        "verifiable_code": ProgramCases(run_outside=thorough),
        "code_output_prediction": PredictionCases(),
        "stem": stem_cases(),
        "swe": swe_cases(),
    }


def run(
    names: Sequence[str],
    *,
    verifier: str | None = None,
    limit: int = DEFAULT_LIMIT,
    seed: int = 0,
    json_file: str | None = None,
    html_file: str | None = None,
    quarantine_file: str | None = None,
    max_false_accept: float = 0.0,
    thorough: bool = False,
    cluster: RaySection | None = None,
) -> int:
    """Audit the verifiers of ``names``, print tables and the worst offenders.

    Args:
        names: families, ids of environments (both of their parts are taken) or what ``open_tasks`` takes; without any,
            all families.
        verifier: ``module:Class`` of a verifier to audit in place of those that judge the tasks.
        limit: only so many golds of each source, spread evenly over it; 0 takes all.
        seed: of the random choices that rewriters and mutators make.
        json_file: where to write all of it, too.
        html_file: where to write a page of it.
        quarantine_file: where to write the tasks to leave out, a JSON object with a ``key`` a line, for ``exclude`` of
            environments and ``open_tasks``; empty if there are none.
        max_false_accept: the rate of false accepts above which the exit status is 1.
        thorough: ask the slow oracle about every case that the quick one cannot read, and change golds in Python,
            which are run outside the sandbox then.
        cluster: where verifiers work, if not here, as oracles, rewriters and mutators do.

    Returns:
        The exit status: 0, or 1 if too many mutants are accepted; 2 where there is nothing to audit. Tasks to
        quarantine are a finding about tasks, not about the verifier: they do not change it.
    """
    try:
        if limit < 0:
            raise ProgramError(f"--limit must be at least 1, or 0 for all, got {limit}")
        if not 0.0 <= max_false_accept <= 1.0:
            raise ProgramError(f"--max-false-accept must be a share between 0 and 1, got {max_false_accept}")
        for option, file in (("--json", json_file), ("--html", html_file), ("--quarantine", quarantine_file)):
            if file is not None and (Path(file).is_dir() or not Path(file).absolute().parent.is_dir()):
                raise ProgramError(f"{option} must name a file in an existing folder, got {file}")
        given = load_verifier(verifier) if verifier is not None else None
        counts = audit_sources(
            names or list(families()),
            given,
            limit=limit or None,
            seed=seed,
            thorough=thorough,
            cluster=cluster,
        )
        if not counts.total.golds:
            raise ProgramError("; ".join(f"{count} {why}" for why, count in counts.not_audited.items()) or "no golds")
        if json_file is not None:
            _write("--json", Path(json_file), json.dumps(counts.to_dict(), indent=1) + "\n")
        if quarantine_file is not None:
            lines = (json.dumps(one.to_dict()) + "\n" for one in counts.quarantine.tasks)
            _write("--quarantine", Path(quarantine_file), "".join(lines))
        if html_file is not None:
            settings = {"--verifier": verifier, "--limit": limit, "--seed": seed, "--thorough": thorough}
            how = AuditRun.of(names, settings, counts.by_family, given)
            _write("--html", Path(html_file), render_page(counts, how))
    except (ProgramError, TaskError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_ERROR
    print(render(counts))
    return 0 if counts.total.mutants.rate <= max_false_accept else 1


def run_rescoring(
    files: Sequence[str],
    *,
    verifier: str | None = None,
    json_file: str | None = None,
    cluster: RaySection | None = None,
) -> int:
    """Score stored rollouts anew, and print where the scores differ from the stored ones, or from another verifier's.

    Returns:
        The exit status: 0, or 2 where there is nothing to score.
    """
    try:
        given = load_verifier(verifier) if verifier is not None else None
        with ExitStack() as stack:
            scorer = stack.enter_context(chosen_scorer(Scorer(), cluster))
            compared = None if given is None else Scorer(dict.fromkeys(case_makers(), given))
            other = None if compared is None else stack.enter_context(chosen_scorer(compared, cluster))
            advance = stack.enter_context(progress(None, "rollouts"))
            found = rescore(files, scorer, other, advance)
        if json_file is not None:
            _write("--json", Path(json_file), json.dumps(found.to_dict(), indent=1) + "\n")
    except (ProgramError, TaskError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_ERROR
    print(render_rescoring(found, verifier or "the stored scores"))
    return 0


def audit_sources(
    names: Sequence[str],
    verifier: Verifier | None = None,
    *,
    limit: int | None = None,
    seed: int = 0,
    thorough: bool = False,
    cluster: RaySection | None = None,
) -> AuditCounts:
    """Audit the tasks of every source that ``names`` name; see ``run``.

    Args:
        verifier: judges all of them, whatever their task type.

    Raises:
        ProgramError: a name that is nothing of ours.
        TaskError: a file that cannot be read as tasks.
    """
    counts, makers = AuditCounts(), case_makers(thorough=thorough)
    with ExitStack() as stack:
        for maker in makers.values():
            stack.callback(maker.close)
        opened = stack.enter_context(open_sources(names))
        stack.enter_context(held_cluster(cluster))
        of_all = None if verifier is None else Scorer(dict.fromkeys(makers, verifier))
        given = None if of_all is None else stack.enter_context(chosen_scorer(of_all, cluster))
        places = [evenly(len(source), limit) for _, source, _ in opened]
        advance = stack.enter_context(progress(sum(map(len, places)), "golds"))
        for (name, source, scorer), chosen in zip(opened, places, strict=True):
            tasks = readable(source, chosen, partial(_note, name, counts, advance))
            with nullcontext(given) if given is not None else chosen_scorer(scorer, cluster) as verifies:
                audit(
                    tasks,
                    verifies,
                    makers,
                    counts,
                    source=name,
                    seed=seed,
                    thorough=thorough,
                    advance=advance,
                )
    return counts


def _note(name: str, counts: AuditCounts, advance: Callable[[], None], error: TaskError) -> None:
    counts.not_audited["rows that are not tasks"] += 1
    counts.keep_unscorable(UnscorableGold(name, None, "", "no_task", str(error)))
    advance()


def load_verifier(name: str) -> Verifier:
    """The verifier that ``module:Class`` names, with its default settings; the working folder is searched first.

    Raises:
        ProgramError: there is no such class, it is not a verifier, or it cannot be made without settings.
    """
    module_name, separator, qualname = name.partition(":")
    if not separator or not module_name or not qualname:
        raise ProgramError(f"--verifier is written module:Class, got `{name}`")
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as `python -m` has it; a console script does not
    try:
        found: object = importlib.import_module(module_name)
        for part in qualname.split("."):
            found = getattr(found, part)
        made = found() if isinstance(found, type) else found
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ProgramError(f"--verifier {name}: {type(error).__name__}: {error}") from error
    if not isinstance(made, Verifier):
        raise ProgramError(f"--verifier {name} is not a subclass of synthetic1.Verifier, but {type(made).__name__}")
    return made


def _write(option: str, path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProgramError(f"{option}: {path} cannot be written: {error.strerror}") from None
