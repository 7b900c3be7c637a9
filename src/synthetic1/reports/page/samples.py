"""The samples of a run on the page: data, and a table that the page's script fills, filters and sorts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from synthetic1.reports.before_after import level_order, mapping
from synthetic1.reports.page.tables import TEXT_LIMIT, text
from synthetic1.reports.readable import cut, visible
from synthetic1.reports.series import number

Rows = Sequence[Mapping[str, Any]]

MOST_ROWS = 10_000
MOST_CHARACTERS = 8_000_000
"""Of all samples on a page together: a browser opens that in a second."""
ANSWER_LIMIT = 600
FIRST = 200  # rows of each evaluation, and of what could not be scored, that come before those of later steps

PHASES = {"train": "training", "before": "held out, before", "after": "held out, after"}
SORTS = {"right": "right", "partial": "partly right", "wrong": "wrong", "unscorable": "could not be scored"}
ORDERS = {"latest": "the latest first", "best": "the best first", "worst": "the worst first"}


def samples_section(samples: Rows, many: int, left_out: int = 0) -> str:
    """The table with its filters, and the data it is filled from; empty without samples.

    Args:
        samples: rows of ``samples.jsonl``, as written.
        many: how many that file has.
        left_out: completions that could not be scored and that it has not.
    """
    chosen = _chosen(samples)
    if not chosen:
        return ""
    data = json.dumps(
        {"prompts": [*_prompts(chosen)], "rows": [*_packed(chosen)]}, ensure_ascii=False, separators=(",", ":")
    )
    notes = (
        [f"{len(chosen):,} of {many:,} samples are on this page; samples.jsonl has all"] if len(chosen) < many else []
    )
    if left_out:
        notes.append(f"{left_out:,} completions that could not be scored were not kept; samples=all keeps every one")
    about = "".join(f"<p>{note}.</p>" for note in notes)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Step", "Task", "Verdict", "Expected and answered"))
    return (
        f'<div class="card samples">{_filters(chosen)}{about}<noscript><p>The table needs JavaScript; '
        f"samples.jsonl holds what it shows.</p></noscript><table><thead><tr>{head}</tr></thead><tbody></tbody></table>"
        f'<button type="button" class="more" hidden>show more</button>'
        f'<pre class="data" hidden>{escape(data, quote=False)}</pre></div>'
    )


def sort_of(row: Mapping[str, Any]) -> str:
    """What a sample is: ``right``, ``partial``, ``wrong`` or ``unscorable``."""
    score = number(_verdict(row), "score")
    return "unscorable" if score is None else "right" if score >= 1 else "wrong" if score <= 0 else "partial"


def _chosen(samples: Rows) -> Rows:
    """As many as fit a page: some of each evaluation and of what could not be scored, then the latest."""
    latest = list(range(len(samples)))[::-1]
    first: list[int] = []
    for wanted in (
        lambda row: row.get("phase") == "after",
        lambda row: row.get("phase") == "before",
        lambda row: sort_of(row) == "unscorable",
    ):
        first += [i for i in latest if wanted(samples[i])][:FIRST]
    chosen: list[int] = []
    prompts: set[str] = set()
    room = MOST_CHARACTERS
    for i in dict.fromkeys([*first, *latest]):
        prompt = str(samples[i].get("prompt") or "")
        room -= min(len(str(samples[i].get("completion") or "")), TEXT_LIMIT) + ANSWER_LIMIT
        room -= 0 if prompt in prompts else min(len(prompt), TEXT_LIMIT)
        if len(chosen) == MOST_ROWS or (room < 0 and chosen):
            break
        chosen.append(i)
        prompts.add(prompt)
    return [samples[i] for i in sorted(chosen, reverse=True)]


def _prompts(rows: Rows) -> Iterator[str]:
    """Each once: the completions of a group share theirs."""
    for prompt in dict.fromkeys(str(row.get("prompt") or "") for row in rows):
        yield _shown(prompt, TEXT_LIMIT)


def _packed(rows: Rows) -> Iterator[list[Any]]:
    """A row as the page's script takes it apart; nothing in it acts when it is shown."""
    places: dict[str, int] = {}
    for row in rows:
        verdict = _verdict(row)
        facts = ["thinks"] if row.get("thinking") else ["answers at once"]
        facts += ["dropped: not learned from"] if row.get("dropped") else []
        facts += [f"{tokens:.0f} tokens"] if (tokens := number(row, "tokens")) is not None else []
        facts += [f"reward {reward:.2f}"] if (reward := _reward(row)) is not None else []
        parts = mapping(row.get("components"))
        facts += [f"{_shown(name, 40)} {value:.2f}" for name in parts if (value := number(parts, name)) is not None]
        yield [
            number(row, "step"),
            _shown(row.get("phase") or row.get("kind") or "", 80),
            _shown(row.get("task_id") or row.get("task") or "", 80),
            _shown("" if row.get("level") is None else row["level"], 80),
            _shown(_environment(row), 80),
            sort_of(row),
            number(verdict, "score"),
            _shown(_reason(row), 80),
            _shown(row.get("why") or "", 400),
            number(row, "advantage"),
            ", ".join(facts),
            *(None if row.get(key) is None else _shown(row[key], ANSWER_LIMIT) for key in ("expected", "answer")),
            places.setdefault(str(row.get("prompt") or ""), len(places)),
            _shown(row.get("completion") or "", TEXT_LIMIT),
        ]


def _filters(rows: Rows) -> str:
    """Controls in the order that a person uses them; one with nothing to choose is left out."""
    steps = [step for row in rows if (step := number(row, "step")) is not None]
    levels = {str(row["level"]) for row in rows if row.get("level") is not None}
    choices = [
        ("phase", "Phase", [p for p in PHASES if any(row.get("phase") == p for row in rows)], PHASES),
        ("environment", "Environment", sorted({_environment(row) for row in rows} - {""}), {}),
        ("level", "Level", sorted(levels, key=level_order), {}),
        ("sort", "Verdict", [s for s in SORTS if any(sort_of(row) == s for row in rows)], SORTS),
        ("reason", "Reason", sorted({_reason(row) for row in rows}), {}),
    ]
    drawn = [_select(*choice) for choice in choices if len(choice[2]) > 1]
    if steps and min(steps) < max(steps):
        bounds = f'min="{min(steps):.0f}" max="{max(steps):.0f}"'
        for name, label, hint in (("from", "From step", min(steps)), ("to", "to step", max(steps))):
            drawn.append(f'<label>{label}<input type="number" name="{name}" {bounds} placeholder="{hint:.0f}"></label>')
    drawn.append(_select("order", "Order", list(ORDERS), ORDERS, everything=False))
    drawn.append(
        '<label class="search">Search<input type="search" name="text" placeholder="text, or / to begin"></label>'
    )
    return (
        f'<div class="filters" role="search">{"".join(drawn)}<button type="button" class="reset">clear</button></div>'
        '<p class="count" role="status"></p>'
    )


def _select(name: str, label: str, values: Sequence[str], words: Mapping[str, str], *, everything: bool = True) -> str:
    options = ['<option value="">all</option>'] if everything else []
    for value in values:
        key = escape(_shown(value, 80))
        options.append(f'<option value="{key}">{text(words.get(value, value), 80)}</option>')
    return f'<label>{label}<select name="{name}">{"".join(options)}</select></label>'


def _environment(row: Mapping[str, Any]) -> str:
    return str(row.get("env") or row.get("part") or "")


def _verdict(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a sample; those of a judge's calibration hold a whole verdict."""
    return mapping(row.get("verdict")) or row


def _reason(row: Mapping[str, Any]) -> str:
    return str(_verdict(row).get("reason") or "no_verdict")


def _reward(row: Mapping[str, Any]) -> float | None:
    """Where it is not the score."""
    reward = number(row, "reward")
    return None if reward == number(_verdict(row), "score") else reward


def _shown(value: Any, limit: int) -> str:
    string = str(value)
    shown = visible(cut(string, limit))
    left_out = len(string) - limit
    return shown if left_out <= 0 else f"{shown}\n({left_out:,} characters left out)"
