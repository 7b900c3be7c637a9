"""The samples of a run as an HTML table: what was expected, what came, and the whole text one click away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from synthetic1.reports.readable import compare, cut, visible
from synthetic1.reports.series import number

TEXT_LIMIT = 20_000  # characters of a prompt or completion on the page; samples.jsonl holds the rest
ANSWER_LIMIT = 600
EACH = 6  # rows a group


def sample_groups(samples: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The samples worth showing: the best and worst of the latest training steps, and some of each evaluation."""
    train = [row for row in samples if row.get("phase") == "train" and number(row, "score") is not None]
    latest = sorted(train, key=lambda row: -_value(row, "step"))[: 8 * EACH]  # sorting is stable: latest first
    best = [row for row in sorted(latest, key=lambda row: -_value(row, "score")) if _value(row, "score") > 0][:EACH]
    worst = [row for row in sorted(latest, key=lambda row: _value(row, "score")) if _value(row, "score") < 1][:EACH]
    worst = [row for row in worst if not any(row is shown for shown in best)]
    groups = [("Best of the latest training steps", best), ("Worst of the latest training steps", worst)]
    trains = any(row.get("phase") in ("train", "before") for row in samples)
    for phase, title in (("before", "Held-out tasks before training"), ("after", "Held-out tasks after training")):
        groups.append((title, [row for row in samples if row.get("phase") == phase and trains][: 2 * EACH]))
    unscorable = [row for row in samples if _reason(row).startswith("unscorable")]
    groups.append(("Could not be scored", unscorable[-EACH:]))
    if not trains:  # an evaluation, or data that were generated: what came out, by why
        by_reason: dict[str, list[Mapping[str, Any]]] = {}
        for row in samples:
            by_reason.setdefault(_reason(row), []).append(row)
        named = [(f"Verdict: {reason}", rows[: 2 * EACH]) for reason, rows in sorted(by_reason.items())]
        groups += [(title, rows) for title, rows in named if not title.startswith("Verdict: unscorable")]
    return [(title, rows) for title, rows in groups if rows]


def facts_table(rows: Sequence[tuple[str, str]]) -> str:
    """(name, value) pairs as an HTML table; empty without any."""
    drawn = "".join(
        f"<tr><td>{text(name, 80)}</td><td><code>{text(value, 400)}</code></td></tr>" for name, value in rows
    )
    return f'<div class="card scroll"><table class="facts">{drawn}</table></div>' if drawn else ""


def _reason(row: Mapping[str, Any]) -> str:
    """Of a sample; those of a judge's calibration hold a whole verdict."""
    verdict = row.get("verdict")
    return str((verdict if isinstance(verdict, Mapping) else row).get("reason") or "no_verdict")


def samples_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """An HTML table of samples; every byte of the model's is escaped."""
    head = "<tr><th>Step</th><th>Task</th><th>Verdict</th><th>Expected and answered</th></tr>"
    return f'<div class="scroll"><table>{head}{"".join(map(_row, rows))}</table></div>'


def text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """``value`` visible, cut and escaped, for element content and quoted attributes alike."""
    string = str(value)
    shown = escape(visible(cut(string, limit)))
    dropped = len(string) - limit
    return shown if dropped <= 0 else f"{shown}\n({dropped:,} characters left out)"


def _value(row: Mapping[str, Any], key: str) -> float:
    return number(row, key) or 0.0


def _row(row: Mapping[str, Any]) -> str:
    verdict_row = row["verdict"] if isinstance(row.get("verdict"), Mapping) else row
    score, advantage, level = number(verdict_row, "score"), number(row, "advantage"), row.get("level")
    color = "" if score is None else " right" if score == 1 else " wrong" if score == 0 else ""
    facts = [f"level {text(level, 40)}"] if level is not None else []
    facts.append("thinks" if row.get("thinking") else "answers at once")
    verdict = f'<span class="pill{color}">{"-" if score is None else f"{score:.2f}"} {text(_reason(row), 60)}</span>'
    if advantage is not None:
        verdict += f"<br><small>advantage {advantage:+.2f}</small>"
    task = text(row.get("task_id") or row.get("task") or "", 80)
    return (
        f'<tr><td class="number">{text(row.get("step", ""), 20)}</td>'
        f"<td><code>{task}</code><br><small>{', '.join(facts)}</small></td>"
        f'<td>{verdict}</td><td class="text">{_answer(row)}{_whole(row)}</td></tr>'
    )


def _answer(row: Mapping[str, Any]) -> str:
    expected, answer = row.get("expected"), row.get("answer")
    if answer is None:
        shown = "" if expected is None else f"<span>expected</span><code>{text(expected, ANSWER_LIMIT)}</code>"
        return f'<div class="diff">{shown}<span>answered</span><span>nothing that could be read</span></div>'
    if expected is None or expected == answer:
        return f'<div class="diff"><span>answered</span><code>{text(answer, ANSWER_LIMIT)}</code></div>'
    wanted, given = "", ""
    for piece in compare(str(expected), str(answer)):
        left, right = text(piece.expected, ANSWER_LIMIT), text(piece.predicted, ANSWER_LIMIT)
        wanted += left if piece.same or not left else f"<ins>{left}</ins>"
        given += right if piece.same or not right else f"<del>{right}</del>"
    return (
        f'<div class="diff"><span>expected</span><code>{wanted}</code><span>answered</span><code>{given}</code></div>'
    )


def _whole(row: Mapping[str, Any]) -> str:
    return "".join(
        f"<details><summary>{key}</summary><pre>{text(row[key])}</pre></details>"
        for key in ("prompt", "completion")
        if row.get(key)
    )
