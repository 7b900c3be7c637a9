"""``report.html``: a run on one self-contained page, readable without a network, in light and in dark."""

from __future__ import annotations

import base64
import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from synthetic1.reports import before_after
from synthetic1.reports.before_after import mapping
from synthetic1.reports.page.charts import interval_chart
from synthetic1.reports.page.dashboard import Figure, figures
from synthetic1.reports.page.samples import samples_section
from synthetic1.reports.page.tables import facts_table, text
from synthetic1.reports.run_facts import result_rows, settings_rows
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.run_list import status_of
from synthetic1.reports.run_status import RunStatus
from synthetic1.reports.series import number
from synthetic1.reports.storage import replace_file
from synthetic1.reports.terminal import duration

Rows = Sequence[Mapping[str, Any]]
NAME_LIMIT = 200
WARNINGS_SHOWN = 20
SAMPLE_BYTES = {"running": 2**20}
OTHERWISE = 32 * 2**20
"""Of ``samples.jsonl``, what is read for a page; less where it will soon be written again."""


def write_report(
    run_folder: Path,
    *,
    samples: Rows = (),
    numbers: Mapping[str, Any] | None = None,
    status: RunStatus | None = None,
) -> Path:
    """Write ``report.html`` into ``run_folder`` from whatever its other files hold so far; returns its path.

    May be called while the run goes on, and after it was stopped. The page of a running run loads itself again. It
    loads nothing else, and its content policy forbids any script but its own, so that what a model wrote can only be
    read.

    Args:
        samples: rows as those of ``samples.jsonl``, of runs that keep them elsewhere.
        numbers: as of ``result.json``, of runs that have newer ones elsewhere.
        status: what the run is doing; by default as its folder tells.

    Raises:
        RunFolderError: no such folder, a damaged file, or no space.
    """
    run = RunFolder.open(run_folder)
    stored = run.read_result() or {}
    status = status or status_of(run.path, stored)
    result = {**({} if status.state == "running" else stored), **(numbers or {})}
    kept, many = run.read_some_samples(SAMPLE_BYTES.get(status.state, OTHERWISE))
    page = render(
        run.path.name,
        run.read_config(),
        run.read_metrics(),
        [*kept, *samples],
        result,
        status=status,
        many_samples=many + len(samples),
    )
    path = run.path / "report.html"
    replace_file(path, page.encode())
    return path


def render(
    name: str,
    config: Mapping[str, Any],
    metrics: Rows,
    samples: Rows,
    result: Mapping[str, Any],
    *,
    status: RunStatus | None = None,
    many_samples: int | None = None,
) -> str:
    """The page as a string, from the contents of a run folder; each of them may be empty.

    Args:
        status: what the run is doing; nothing is said of it by default.
        many_samples: how many there are, of which ``samples`` may be some.
    """
    steps = [row for row in metrics if "eval" not in row]
    body = [_header(name, config, result, status), _hero(steps, metrics, result), _tiles(steps, result)]
    body.append(_warnings(steps))
    if not (result.get("before") or result.get("after")) and (numbers := facts_table(result_rows(result))):
        body.append(_section("Numbers", numbers))
    if settings := facts_table(settings_rows(config)):
        body.append(_section("Settings", settings))
    body += [_section(title, "".join(map(_figure, drawn)), "grid-2") for title, drawn in figures(metrics, result)]
    left_out = sum(number(row, "unscorable_left_out") or 0.0 for row in steps)
    if table := samples_section(samples, len(samples) if many_samples is None else many_samples, int(left_out)):
        body.append(_section("Samples", table))
    body.append(_records(config, result))
    title = f"{text(result.get('env', 'synthetic1'), NAME_LIMIT)}: {text(name, NAME_LIMIT)}"
    return whole_page(title, "\n".join(filter(None, body)))


def whole_page(title: str, body: str) -> str:
    """``body`` with the head, the looks and the script of our pages; title and body are HTML, escaped already.

    The script wants one ``button`` in the body: it turns light into dark.
    """
    template = resources.files("synthetic1.reports.page").joinpath("page.html").read_text(encoding="utf-8")
    script = template.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template(template).substitute(title=title, script_hash=f"sha256-{digest}", body=body)


def _header(name: str, config: Mapping[str, Any], result: Mapping[str, Any], status: RunStatus | None = None) -> str:
    facts = [result.get("model") or mapping(config.get("model")).get("name"), result.get("rollout")]
    facts += [f"seed {result['seed']}"] if "seed" in result else []
    about = ", ".join(text(fact, NAME_LIMIT) for fact in facts if fact is not None)
    env = result.get("env") or mapping(config.get("env")).get("id")
    shown = text(env or f"run {name}", NAME_LIMIT)
    run = f"run {text(name, NAME_LIMIT)}" + (f": {about}" if about else "") + ("" if result else ", not finished")
    return f'<header><h1>{shown}</h1><p>{run}</p><button type="button">light / dark</button></header>{_state(status)}'


def _state(status: RunStatus | None) -> str:
    """What the run is doing, and since when the page knows; the page's script reads ``data-every`` and loads again."""
    if status is None or (status.state == "finished" and not status.said):
        return ""
    runs = f' data-every="{status.every_s:.0f}"' if status.state == "running" and status.every_s else ""
    wait = '<button type="button" class="wait" hidden>pause</button>' if runs else ""
    color = {"running": " right", "failed": " wrong"}.get(status.state, "")
    return (
        f'<p class="card state" role="status" data-written="{status.written:.0f}"{runs}>'
        f'<b class="pill{color}">{status.state}</b> <span>{text(status.said, 1_000)}</span>'
        f'<small class="age"></small>{wait}</p>'
    )


def _hero(steps: Rows, metrics: Rows, result: Mapping[str, Any]) -> str:
    comparison = before_after.overall(result)
    before, after = comparison.before, comparison.after
    if before is None and after is None:
        measured = before_after.score(result)
        return _hero_measured(measured) if measured else _hero_without_result(steps, metrics, result)
    scores = [f'<span class="{css}">{s.value:.3f}</span>' for css, s in (("was", before), ("now", after)) if s]
    n = number(result, "n")
    lead = "pass@1 on held-out tasks" + (f", n = {n:,.0f}" if n is not None else "")
    rows = [(label, s, color) for label, s, color in (("before", before, "gray"), ("after", after, "blue")) if s]
    lines = [before_after.difference_text(result)]
    if bounds := [f"{label}{s.bounds()}" for label, s, _ in rows if s.low is not None]:
        lines.append(f"95 % intervals: {', '.join(bounds)}")
    greedy = before_after.greedy(result)
    if greedy.before or greedy.after:
        lines.append(f"greedy {greedy.before or '-'} → {greedy.after or '-'}")
    return (
        f'<section class="card hero"><div><p class="lead">{lead}</p>'
        + f'<div class="headline">{" <i>→</i> ".join(scores)}</div>'
        + "".join(f"<p>{text(line)}</p>" for line in lines if line)
        + f"</div><div>{interval_chart(rows)}</div></section>"
    )


def _hero_measured(score: before_after.Score) -> str:
    """Of an evaluation: the rate, and its interval."""
    n = f", n = {score.n:,}" if score.n is not None else ""
    bounds = f"<p>95 % interval{text(score.bounds())}</p>" if score.low is not None else ""
    return (
        f'<section class="card hero"><div><p class="lead">pass@1 on held-out tasks{n}</p>'
        f'<div class="headline"><span class="now">{score.value:.3f}</span></div>{bounds}</div>'
        f"<div>{interval_chart([('measured', score, 'blue')])}</div></section>"
    )


def _hero_without_result(steps: Rows, metrics: Rows, result: Mapping[str, Any]) -> str:
    """While a run goes on: the last held-out evaluation, else the last step's reward or loss, else that there is
    nothing."""
    yet = "" if result else "<p>No result yet: it is written when the run ends.</p>"
    for label, rows, path in (
        ("held-out pass@1", metrics, ("eval", "pass_at_1")),
        ("reward", steps, ("reward",)),
        ("loss", steps, ("loss",)),
    ):
        found = [row for row in rows if number(row, *path) is not None]
        if found:
            step, value = number(found[-1], "step"), number(found[-1], *path)
            return (
                f'<section class="card hero"><div><p class="lead">{label} at step {step or 0:.0f}</p>'
                f'<div class="headline"><span class="now">{value:.3f}</span></div>{yet}</div></section>'
            )
    if result:
        return ""  # the numbers follow
    return '<section class="card hero"><p class="empty">No step has been written yet.</p></section>'


def _tiles(steps: Rows, result: Mapping[str, Any]) -> str:
    tiles = []
    done = number(result, "steps")
    done = done if done is not None else number(steps[-1], "step") if steps else None
    planned = number(steps[-1], "steps") if steps else None
    if done is not None:
        tiles.append(("steps", f"{done:,.0f}" + (f" of {planned:,.0f}" if planned and planned != done else "")))
    if (completions := number(result, "completions")) is not None:
        tiles.append(("completions", f"{completions:,.0f}"))
    if (seconds := number(result, "seconds", "total")) is not None:
        tiles.append(("in all", duration(seconds)))
    if (seconds := number(result, "seconds", "train")) is not None:
        tiles.append(("training", duration(seconds)))
    if speeds := [speed for row in steps if (speed := number(row, "tokens_per_s")) is not None]:
        tiles.append(("tokens a second", f"{statistics.median(speeds):,.0f}"))
    thinks = [number(result, when, "think_share") for when in ("before", "after")]
    if any(share is not None for share in thinks):
        tiles.append(("think first", " → ".join("-" if share is None else f"{share:.0%}" for share in thinks)))
    drawn = "".join(f'<div class="card tile"><b>{value}</b><span>{name}</span></div>' for name, value in tiles)
    return f'<section class="tiles">{drawn}</section>' if tiles else ""


def _warnings(steps: Rows) -> str:
    """Each warning once, with the steps that gave it."""
    seen: dict[str, list[float]] = {}
    for row in steps:
        for warning in row.get("warnings") or ():
            seen.setdefault(str(warning), []).append(number(row, "step") or 0.0)
    items = []
    for warning, at in list(seen.items())[:WARNINGS_SHOWN]:
        when = f"step {at[0]:.0f}" if len(at) == 1 else f"{len(at):,} times, steps {at[0]:.0f} to {at[-1]:.0f}"
        items.append(f"<li>{text(warning, 400)}<small>{when}</small></li>")
    if len(seen) > WARNINGS_SHOWN:
        items.append(f"<li>{len(seen) - WARNINGS_SHOWN:,} more in metrics.jsonl</li>")
    return _section("Warnings", f'<ul class="card warnings">{"".join(items)}</ul>') if items else ""


def _section(title: str, content: str, css: str = "") -> str:
    return f'<section><h2>{title}</h2><div class="{css}">{content}</div></section>'


def _figure(figure: Figure) -> str:
    legend = "".join(f'<span class="key {color}">{text(name, 60)}</span>' for name, color in figure.legend)
    return (
        f'<figure class="card"><figcaption><span class="legend">{legend}</span><h3>{figure.title}</h3>'
        f"<p>{figure.about}</p></figcaption>{figure.svg}</figure>"
    )


def _records(config: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """config.yaml and result.json as they are, folded away."""
    import yaml

    parts = []
    if config:
        shown = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True, width=120)
        parts.append(("config.yaml", shown))
    if mapping(result):
        parts.append(("result.json", json.dumps(result, indent=2, ensure_ascii=False)))
    folded = "".join(
        f'<details class="card"><summary>{name}</summary><pre>{text(shown)}</pre></details>' for name, shown in parts
    )
    return _section("Records", folded) if parts else ""
