"""An audit on a screen: rates by source and kind, the worst offenders, the golds without a score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetic1.evaluation.auditing.counts import AuditCounts, ErrorCount, Group, Offender
from synthetic1.evaluation.auditing.solutions import Quarantine, QuarantinedTask
from synthetic1.reports.readable import one_line

OFFENDERS_PER_KIND = 2
UNSCORABLE_SHOWN = 10
QUARANTINED_SHOWN = 10
GOLD_WIDTH = 60
ANSWER_WIDTH = 110


def render(counts: AuditCounts) -> str:
    """All that a person wants to know at once; ``--json`` holds the rest."""
    lines = [*_table(_source_rows(counts)), "", *_table(_kind_rows(counts))]
    clean = sum(count.cases > 0 and not count.wrong for count in counts.by_kind.values())
    lines.append(f"and {clean} kinds without an error")
    for expected, title in ((0.0, "accepted, though wrong"), (1.0, "rejected, though right")):
        if shown := [_line(offender) for offender in counts.offenders(expected, OFFENDERS_PER_KIND)]:
            lines += ["", f"{title}:", *shown]
    lines += _quarantine_lines(counts.quarantine)
    if counts.unscorable:
        lines += ["", "golds without a score:"]
        for gold in counts.unscorable[:UNSCORABLE_SHOWN]:
            lines.append(f"  {gold.task or gold.source}  {one_line(gold.gold, GOLD_WIDTH)}  {gold.reason}: {gold.why}")
        if counts.total.unscorable > UNSCORABLE_SHOWN:
            lines.append(
                f"  … and {counts.total.unscorable - UNSCORABLE_SHOWN:,} more; --json FILE keeps 1,000 of them"
            )
    lines += ["", *(f"not audited: {number:,} {why}" for why, number in counts.not_audited.items())]
    return "\n".join(lines).rstrip()


def _quarantine_lines(found: Quarantine) -> Iterator[str]:
    several = found.several
    if several.tasks:
        yield ""
        yield (
            f"several golds: {several.tasks:,} tasks, {several.run:,} golds run: {several.passing:,} pass, "
            f"{several.differing:,} with another output, {several.crashing:,} stopped by a crash or a limit"
            + (f", {several.unscored:,} without a score" if several.unscored else "")
        )
    if found.tasks:
        yield ""
        yield f"to quarantine: {len(found.tasks):,} tasks (--quarantine FILE writes all of them)"
        yield from (f"  {number:,} {why}" for why, number in found.whys().most_common())
        rows = [("task", "source", "passing", "failing", "why")]
        for one in found.tasks[:QUARANTINED_SHOWN]:
            names = (one_line(one.task, GOLD_WIDTH), one_line(one.source, GOLD_WIDTH))
            rows.append((*names, f"{one.passing:,}", f"{one.failing:,}", _why(one)))
        yield from _table(iter(rows))
        if len(found.tasks) > QUARANTINED_SHOWN:
            yield f"  … and {len(found.tasks) - QUARANTINED_SHOWN:,} more"


def _why(one: QuarantinedTask) -> str:
    first = one.failures[0]
    return f"{one.why}; gold {first.gold}: {first.status}, {one_line(first.why, GOLD_WIDTH)}"


def _source_rows(counts: AuditCounts) -> Iterator[tuple[str, ...]]:
    yield "source", "golds", "unscorable", "equivalents", "false rejects", "mutants", "false accepts"
    groups = list(counts.by_source.items())
    for name, group in [*groups, ("all", counts.total)] if len(groups) != 1 else groups:
        yield _group_row(name, group)


def _group_row(name: str, group: Group) -> tuple[str, ...]:
    rejects, accepts = (_rate(side) for side in (group.equivalents, group.mutants))
    numbers = (group.golds, group.unscorable, group.equivalents.cases)
    return name, *(f"{number:,}" for number in numbers), rejects, f"{group.mutants.cases:,}", accepts


def _kind_rows(counts: AuditCounts) -> Iterator[tuple[str, ...]]:
    """The kinds with errors, false accepts first; within each side those with the most errors first."""
    yield "kind", "must score", "cases", "wrong", "not scored", "refuted"
    for kind, count in sorted(counts.by_kind.items(), key=lambda item: (item[1].expected, -item[1].wrong)):
        if count.wrong or count.unscored:
            refuted = count.refuted + count.unread
            yield kind, f"{count.expected:g}", f"{count.cases:,}", _rate(count), f"{count.unscored:,}", f"{refuted:,}"


def _rate(count: ErrorCount) -> str:
    low, high = count.ci95
    return f"{count.wrong:,} ({count.rate:.2%}, {low:.2%} to {high:.2%})"


def _table(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    table: Sequence[tuple[str, ...]] = list(rows)
    first, *others = (max(map(len, column)) for column in zip(*table, strict=True))
    for name, *cells in table:
        aligned = (cell.rjust(width) for cell, width in zip(cells, others, strict=True))
        yield "  ".join((name.ljust(first), *aligned)).rstrip()


def _line(offender: Offender) -> str:
    shown = offender.answer if offender.answer in offender.completion and offender.expected == 0.0 else ""
    written = one_line(shown or offender.completion, ANSWER_WIDTH)
    return f"  {offender.kind}: gold {one_line(offender.gold, GOLD_WIDTH)}  answer {written}  ({offender.reason})"
