"""An audit on one self-contained page: ``synthetic1 audit --html FILE``."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from synthetic1.evaluation.auditing.counts import (
    KEPT_PER_KIND,
    AuditCounts,
    ErrorCount,
    Group,
    KindCount,
    Offender,
    UnscorableGold,
)
from synthetic1.evaluation.auditing.solutions import Quarantine
from synthetic1.jobs.provenance import versions
from synthetic1.reports.page.html import whole_page
from synthetic1.reports.page.tables import text
from synthetic1.reports.statistics import wilson
from synthetic1.rewards.registry import verifier_class
from synthetic1.rewards.verifier import Verifier

NAME_LIMIT = 200
UNSCORABLE_SHOWN = 100
QUARANTINED_SHOWN = 100
SHORT = 200  # characters of a completion that is not folded away
SIDES = ((0.0, "Accepted, though wrong"), (1.0, "Rejected, though right"))
GROUP_COLUMNS = (
    *("golds", "unscorable", "mutants", "false accepts", "rate, 95 % interval"),
    *("equivalents", "false rejects", "rate, 95 % interval"),
)
QUARANTINE_COLUMNS = ("task", "source", "why", "passing", "failing", "the first that fails")
KIND_COLUMNS = ("must score", "cases", "wrong", "rate, 95 % interval", "not scored", "left out")


@dataclass(frozen=True, slots=True)
class AuditRun:
    """How an audit was run: with this anybody repeats it."""

    command: Sequence[str]
    """The program and its arguments."""
    facts: Mapping[str, str]
    """What decides the result, by name: settings, verifiers and packages with their versions."""
    date: str = ""

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        settings: Mapping[str, str | int | bool | None],
        families: Iterable[str],
        verifier: Verifier | None,
    ) -> AuditRun:
        """The run that ends now.

        Args:
            names: what is audited, as on the command line.
            settings: options with their values, by their names there; False and None are options that are not given.
            families: the task types that were audited.
            verifier: the one that scored all of them; None where each task type has its own.
        """
        command = ["synthetic1", "audit", *names]
        for option, value in settings.items():
            if value is not None and value is not False:
                command += [option] if value is True else [option, str(value)]
        facts = {f"verifier of {family}": _shown(verifier or verifier_class(family)) for family in families}
        facts |= {name: f"version {number}" for name, number in versions(("synthetic1", "sympy")).items()}
        facts |= {"Python": platform.python_version()}
        return cls(command, facts, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")


def _shown(verifier: Verifier | type[Verifier]) -> str:
    cls = verifier if isinstance(verifier, type) else type(verifier)
    return f"{cls.__module__}:{cls.__qualname__}, version {cls.version}"


def render_page(counts: AuditCounts, run: AuditRun) -> str:
    """The page as a string. What tasks, completions and verifiers wrote is escaped; the page loads nothing."""
    names = ", ".join(counts.by_source) or "no golds"
    body = [
        f'<header><h1>Audit of {text(names, NAME_LIMIT)}</h1><p>{text(run.date)}</p><button type="button">light / dark'
        "</button></header>",
        _summary(counts.total),
        _groups("By family", "family", counts.by_family),
        _groups("By source", "source", counts.by_source),
        _kinds(counts.by_kind),
        *(_offenders(counts, expected, title) for expected, title in SIDES),
        _quarantined(counts.quarantine),
        _unscorable(counts),
        _not_audited(counts.not_audited),
        _how(run),
    ]
    return whole_page(f"Audit of {text(names, NAME_LIMIT)}", "\n".join(filter(None, body)))


def _summary(total: Group) -> str:
    unscorable = ErrorCount(total.golds, total.unscorable)
    accepts, rejects = total.mutants, total.equivalents
    tiles = [
        ("golds", f"{total.golds:,}", ""),
        ("golds without a score", f"{unscorable.wrong:,}", _rate(unscorable)),
        ("mutants: changed golds, which must score 0", f"{accepts.cases:,}", ""),
        ("false accepts: mutants that score", f"{accepts.wrong:,}", _rate(accepts)),
        ("equivalents: rewritten golds, which must score 1", f"{rejects.cases:,}", ""),
        ("false rejects: equivalents below 1", f"{rejects.wrong:,}", _rate(rejects)),
    ]
    drawn = (
        f'<div class="card tile"><b>{value}</b><span>{name}</span><small>{rate}</small></div>'
        for name, value, rate in tiles
    )
    return f'<section class="tiles" aria-label="Summary">{"".join(drawn)}</section>'


def _rate(count: ErrorCount) -> str:
    """``0.15 %, 0.12 % to 0.18 %``; a dash where there are no cases, whose rate nobody knows."""
    if not count.cases:
        return "–"
    low, high = count.ci95
    return f"{100 * count.rate:.2f} %, {100 * low:.2f} % to {100 * high:.2f} %"


def _at_least(count: ErrorCount) -> float:
    """The lower end of the interval: what orders the worst first, and few cases not before many."""
    return wilson(count.wrong, count.cases)[0] if count.cases else 0.0


def _groups(title: str, what: str, groups: Mapping[str, Group]) -> str:
    def worst_first(item: tuple[str, Group]) -> tuple[float, float]:
        return -_at_least(item[1].mutants), -_at_least(item[1].equivalents)

    rows = []
    for name, group in sorted(groups.items(), key=worst_first):
        cells: list[str] = [f"{group.golds:,}", f"{group.unscorable:,}"]
        for side in (group.mutants, group.equivalents):
            cells += [f"{side.cases:,}", f"{side.wrong:,}", _rate(side)]
        rows.append((text(name, NAME_LIMIT), cells))
    caption = "The worst first: by the lower end of the interval of false accepts, then of false rejects."
    return _section(title, _table(caption, (what, *GROUP_COLUMNS), rows)) if rows else ""


def _kinds(kinds: Mapping[str, KindCount]) -> str:
    def worst_first(item: tuple[str, KindCount]) -> tuple[float, float, int]:
        return item[1].expected, -_at_least(item[1]), -item[1].unscored

    ordered = sorted(kinds.items(), key=worst_first)
    faulty = [item for item in ordered if item[1].wrong or item[1].unscored]
    clean = [item for item in ordered if not (item[1].wrong or item[1].unscored)]
    caption = "Mutants before equivalents, the worst first. Left out is what the oracle refuted or could not read."
    columns = ("kind", *KIND_COLUMNS)
    shown = _table(caption, columns, map(_kind_row, faulty)) if faulty else _card("No kind has an error.")
    if clean:
        folded = _table(caption, columns, map(_kind_row, clean))
        shown += f"<details><summary>{len(clean):,} kinds without an error</summary>{folded}</details>"
    return _section("By kind of case", shown) if ordered else ""


def _kind_row(item: tuple[str, KindCount]) -> tuple[str, list[str]]:
    kind, count = item
    left_out = count.refuted + count.unread
    numbers = [f"{count.expected:g}", f"{count.cases:,}", f"{count.wrong:,}", _rate(count)]
    return text(kind, NAME_LIMIT), [*numbers, f"{count.unscored:,}", f"{left_out:,}"]


def _offenders(counts: AuditCounts, expected: float, title: str) -> str:
    """The errors that were kept, by kind."""
    cards = []
    for kind, kept in groupby(counts.offenders(expected, KEPT_PER_KIND), key=lambda offender: offender.kind):
        shown = list(kept)
        wrong = counts.by_kind[kind].wrong
        about = f"{wrong:,} wrong" + (f", the {len(shown)} shortest" if len(shown) < wrong else "")
        cards.append(
            f'<article class="card"><h3>{text(kind, NAME_LIMIT)}<small>{about}</small></h3>'
            f"{''.join(map(_offender, shown))}</article>"
        )
    return _section(title, "".join(cards)) if cards else ""


def _offender(offender: Offender) -> str:
    score = "no score" if offender.score is None else f"{offender.score:g}"
    verdict = f"scores {score} instead of {offender.expected:g}: {offender.reason}"
    facts = [
        ("gold", _code(offender.gold)),
        ("answer", _code(offender.answer)),
        ("verdict", f'<span class="pill long wrong">{text(verdict, NAME_LIMIT)}</span>'),
        ("task", f"{text(offender.task, NAME_LIMIT)}, {text(offender.source, NAME_LIMIT)}"),
    ]
    if offender.note:
        facts.append(("note", text(offender.note)))
    if offender.completion != offender.answer:
        facts.append(("completion", _completion(offender.completion)))
    return _facts(facts)


def _completion(completion: str) -> str:
    """At once if it is short: some kinds of cases change nothing but what stands around the answer."""
    if len(completion) <= SHORT:
        return _code(completion)
    return f"<details><summary>{len(completion):,} characters</summary><pre>{text(completion)}</pre></details>"


def _quarantined(found: Quarantine) -> str:
    """Tasks whose published golds disagree, or of which none passes."""
    rows = []
    for one in found.tasks[:QUARANTINED_SHOWN]:
        first = one.failures[0]
        fails = f"gold {first.gold}: {first.status}, {first.why}"
        cells = [text(one.source, NAME_LIMIT), text(one.why), f"{one.passing:,}", f"{one.failing:,}"]
        rows.append((text(one.task, NAME_LIMIT), [*cells, text(fails, NAME_LIMIT)]))
    shown = _table("Tasks that nobody should be rewarded by.", QUARANTINE_COLUMNS, rows, numbers=False)
    if (more := len(found.tasks) - QUARANTINED_SHOWN) > 0:
        shown += _card(f"{more:,} more; --quarantine FILE writes all of them.")
    return _section("To quarantine", shown) if rows else ""


def _unscorable(counts: AuditCounts) -> str:
    """Golds without a score, and rows that are not tasks."""
    kept = counts.unscorable
    cards = [f'<article class="card">{_facts(_gold_facts(gold))}</article>' for gold in kept[:UNSCORABLE_SHOWN]]
    if len(kept) > UNSCORABLE_SHOWN:
        cards.append(_card(f"{len(kept) - UNSCORABLE_SHOWN:,} more; --json FILE keeps 1,000 of them."))
    return _section("Golds without a score", "".join(cards)) if cards else ""


def _gold_facts(gold: UnscorableGold) -> list[tuple[str, str]]:
    where = gold.source if gold.task is None else f"{gold.task}, {gold.source}"
    facts = [("task", text(where, 2 * NAME_LIMIT)), ("reason", text(f"{gold.reason}: {gold.why}".rstrip(": ")))]
    return [("gold", _code(gold.gold)), *facts] if gold.gold else facts


def _not_audited(reasons: Mapping[str, int]) -> str:
    rows = [(text(why), [f"{number:,}"]) for why, number in sorted(reasons.items(), key=_second, reverse=True)]
    return _section("Not audited", _table("No cases are made of these.", ("what", "number"), rows)) if rows else ""


def _second(item: tuple[str, int]) -> int:
    return item[1]


def _how(run: AuditRun) -> str:
    rows = [(text(name), [text(value)]) for name, value in run.facts.items()]
    shown = f'<pre class="card">{text(shlex.join(run.command))}</pre>'
    return _section(
        "How it was run", shown + _table("What decides the result.", ("setting", "value"), rows, numbers=False)
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _card(sentence: str) -> str:
    return f'<p class="card">{sentence}</p>'


def _code(value: str) -> str:
    return f"<code>{text(value)}</code>"


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    return f'<dl class="diff">{"".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)}</dl>'


def _table(
    caption: str, columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], *, numbers: bool = True
) -> str:
    """A table whose rows have a name first. It scrolls by itself where the window is narrow, by keyboard, too."""
    looks, cell = ("counts", '<td class="number">') if numbers else ("words", "<td>")
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"{cell}{value}</td>" for value in values)}</tr>'
        for name, values in rows
    )
    scroll = f'<div class="scroll" tabindex="0" role="group" aria-label="{caption}">'
    table = f'<table class="{looks}"><caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead>'
    return f'<div class="card">{scroll}{table}<tbody>{body}</tbody></table></div></div>'
