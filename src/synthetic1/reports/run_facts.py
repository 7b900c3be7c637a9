"""What of a run's settings and result is worth a line, on a screen and on a page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from synthetic1.reports import before_after
from synthetic1.reports.before_after import mapping
from synthetic1.reports.readable import cut, one_line

WIDE = 100
MATTER = {
    "env": (),
    "model": ("name", "url", "lora"),
    "data": (),
    "base": (),
    "input": (),
    "output": (),
    "server": (),
    "recipe": (),
    "rollout": ("backend", "max_completion_length", "temperature", "top_p"),
    "engine": (),
    "sampling": (),
    "samples": (),
    "n": (),
    "trainer": (
        *("max_steps", "epochs", "prompts_per_step", "group_size", "batch_size", "learning_rate", "loss_type"),
        *("epsilon", "epsilon_high", "beta", "scale_rewards", "curriculum", "shuffle_rewards", "extra"),
    ),
    "judge": ("url", "model"),
    "seed": (),
}
"""Setting or section → those of it that are shown; all of them without any."""
LEFT_OUT = {
    *("scores", "versions", "before", "after", "steps", "compared", "judge_usage", "usage", "env_kwargs"),
    *("program", "env", "model", "engine", "sampling", "samples", "seed", "data"),  # settings, which are shown above
}
"""Parts of a result that are long, or are shown otherwise."""


def settings_rows(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(section, ``name=value …``) of the settings that matter; what is null or empty is left out."""
    rows = []
    for name, chosen in MATTER.items():
        value = config.get(name)
        if isinstance(value, Mapping):
            inside = {key: value[key] for key in (chosen or value) if not _empty(value.get(key))}
            value = " ".join(f"{key}={_short(item)}" for key, item in inside.items())
        elif not _empty(value):
            value = _short(value)
        if not _empty(value):
            rows.append((name, one_line(str(value), 4 * WIDE)))
    return rows


def result_rows(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(dotted name, value) of the numbers and words of a result, a rate with its interval in one row."""
    score = before_after.score(result)
    rows = [] if score is None else list(_flat("pass@1", result))
    for name, value in result.items():
        if name not in LEFT_OUT and not _empty(value) and not (score and name in ("pass_at_1", "ci95", "n")):
            rows.extend(_flat(name, value))
    return rows


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    score = before_after.score(mapping(value))
    if score is not None:
        yield name, f"{score}" + (f" (n={score.n})" if score.n is not None else "")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not _empty(item):
                yield from _flat(f"{name}.{key}", item)
    elif isinstance(value, list) and value and all("name" in mapping(item) for item in value):
        for item in value:
            yield from _flat(f"{name}.{item['name']}", {key: part for key, part in item.items() if key != "name"})
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        yield name, f"{len(value)} rows, in result.json"
    elif isinstance(value, list):
        yield name, one_line(", ".join(map(_short, value)), WIDE)
    else:
        yield name, one_line(_short(value), WIDE)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == {} or value == []


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str | int):
        return str(value)
    return cut(json.dumps(value, ensure_ascii=False, default=str), WIDE)
