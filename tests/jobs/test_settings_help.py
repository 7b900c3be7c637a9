"""`--help` of programs: every setting with its comment, every group with its options; and options in any place."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic1.jobs.program import _options_first
from synthetic1.jobs.settings_help import comments_of, page

COMMENTS = [
    ("# what\na: 1", {"a": ["what"]}),
    ("# what\n# it is\na: 1\nb: 2", {"a": ["what", "it is"], "b": []}),
    ("# far away\n\n# near\na: 1", {"a": ["near"]}),
    ("# s\ns:\n  # inner\n  a: 1\n# after\nb: 1", {"s": ["s"], "s.a": ["inner"], "b": ["after"]}),
    ("# l\nl:\n  - a\n# b\nb: 1", {"l": ["l"], "b": ["b"]}),
    ("s:\n  t:\n    # deep\n    a: 1\n  # up\n  b: 2", {"s": [], "s.t": [], "s.t.a": ["deep"], "s.b": ["up"]}),
]


@pytest.mark.parametrize(("text", "found"), COMMENTS, ids=[row[0][:16] for row in COMMENTS])
def test_the_comment_of_a_setting_stands_above_it(text: str, found: dict[str, list[str]]) -> None:
    assert comments_of(text) == found


def test_what_is_chosen_is_what_is_shown() -> None:
    shown = page("grpo", ["env=math", "recipe=dapo", "--help"])
    assert "* env=math " in shown
    assert "  # What counts as the answer: boxed, boxed_or_final_line, or any" in shown
    assert "\n  answer_style: boxed\n" in shown
    assert "* recipe=dapo     DAPO (Yu et al. 2025, arXiv:2503.14476): token-level loss" in shown  # a whole sentence
    beta = shown.partition("\n  beta: ")[0].splitlines()[-2:]
    assert beta == [
        "  # Weight of the KL term; above 0 a reference model is loaded.",
        "  # (recipe=dapo: No KL term.)",
    ]
    assert "model/sft" not in shown  # a group of another program
    assert "env=custom" in shown


def test_settings_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env/mine.yaml").write_text(
        "# A family of mine. More.\n\n# Its id.\nid: me/mine-v0\n# How hard.\nlevel: 7\n"
    )
    for given in (["--config-dir", str(tmp_path)], [f"--config-dir={tmp_path}"]):
        shown = page("grpo", [*given, "env=mine", "--help"])
        assert "* env=mine                A family of mine\n" in shown
        assert "  # Its id.\n  id: me/mine-v0\n  # How hard.\n  level: 7\n" in shown


def test_a_key_is_read_back_as_it_was() -> None:
    import yaml

    settings = page("evaluate_model", []).partition("name=value):\n\n")[2]
    assert "n" in yaml.safe_load(settings)


PLACES = [
    (["a=1", "-m", "b=2"], ["-m", "a=1", "b=2"]),
    (["-m", "a=1"], ["-m", "a=1"]),
    (["a=1", "--cfg", "job", "b=2"], ["--cfg", "job", "a=1", "b=2"]),
    (["a=1", "--cfg", "b=2"], ["--cfg", "a=1", "b=2"]),
    (["~recipe", "++x.y={a: 1}", "--help"], ["--help", "~recipe", "++x.y={a: 1}"]),
]


@pytest.mark.parametrize(("given", "ordered"), PLACES, ids=[" ".join(row[0]) for row in PLACES])
def test_options_may_stand_among_settings(given: list[str], ordered: list[str]) -> None:
    assert _options_first(given) == ordered
