"""The dataset card: front matter that hubs read, what it says, plots that show it, an export that opens again."""

from __future__ import annotations

import json

import pytest
import yaml
from recorded_runs import task, write_run

from synthetic1.datagen.export import export
from synthetic1.datagen.exporting import card
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.jobs.program import validate


@pytest.fixture
def exported(tmp_path):
    def call(**settings):
        samples = {task(n): [(f"<think>t{n}</think>{i}", float(i <= n)) for i in range(3)] for n in range(3)}
        samples[task(9, task_type="swe")] = [("x", 1.0), ("y", None)]
        write_run(tmp_path / "runs", "a", samples)
        export(
            validate(
                ExportSettings, {"run": "a", "to": str(tmp_path / "x"), "runs": str(tmp_path / "runs"), **settings}
            )
        )
        return tmp_path / "x"

    return call


def parts(folder):
    _, front, text = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(front), text


@pytest.mark.parametrize("format", ["synthetic1", "sft", "preference"])
@pytest.mark.parametrize("file", ["parquet", "jsonl"])
def test_an_export_opens_as_a_dataset(exported, tmp_path, format, file):
    from datasets import load_dataset

    folder = exported(format=format, file=file)
    front, _ = parts(folder)
    (split,) = front["configs"][0]["data_files"]
    assert (split["split"], split["path"], front["size_categories"]) == ("train", f"data/train-*.{file}", ["n<1K"])
    rows = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))["train"]
    counts = json.loads((folder / "manifest.json").read_text())["counts"]
    assert len(rows) == counts["rows"] > 0


def test_what_it_says_is_what_was_counted(exported):
    _, text = parts(exported())
    assert "7 rows from 4 tasks; 11 completions of 4 tasks were read" in text
    assert "| math | 9 | 6 (67%) | 3 | 0 | 6 |" in text
    assert "| software engineering | 2 | 1 (100%) | 0 | 1 | 1 |" in text
    assert "| sampling | temperature=0.6 |" in text
    assert "| verified from | score 1 |" in text
    assert "| refuted | 3 |" in text
    assert "| unscorable | 1 |" in text


def test_the_legend_hides_no_bar(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(card, "_save", lambda figure, path: figures.append(figure))
    card._plot_families(tmp_path / "f.png", {"verifiable_math": {"rollouts": 140, "judged": 130, "verified": 68}})
    (figure,) = figures
    figure.canvas.draw()
    (axes,) = figure.axes
    legend = axes.get_legend().get_window_extent()
    assert not [bar for bar in axes.patches if bar.get_window_extent().overlaps(legend)]
    assert [bar.get_width() for bar in axes.patches] == [68, 62, 10]


def test_plots_show_the_counts(tmp_path, monkeypatch):
    figures = {}
    monkeypatch.setattr(card, "_save", lambda figure, path: figures.update({path.name: figure}))
    card._plot_pass_rates(tmp_path / "p.png", [2, *[0] * 9, 5])
    card._plot_lengths(tmp_path / "l.png", {"10": 3, "12": 1})
    card._plot_lengths(tmp_path / "none.png", {})
    heights = {name: [bar.get_height() for bar in figure.axes[0].patches] for name, figure in figures.items()}
    assert heights == {"p.png": [2, *[0] * 9, 5], "l.png": [3, 0, 1], "none.png": [0]}
    assert [label.get_text() for label in figures["l.png"].axes[0].get_xticklabels()] == ["1024–", "2048–", "4096–"]
