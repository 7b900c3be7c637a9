"""Exports that any reader of tables and any hub takes, and a card that says only what is so."""

from __future__ import annotations

import json
from itertools import combinations

import pytest
from huggingface_hub import DatasetCard, DatasetCardData
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_runs import task, write_run

from synthetic1.datagen.export import export
from synthetic1.datagen.exporting import card
from synthetic1.datagen.exporting.decontaminate import benchmark_texts
from synthetic1.datagen.exporting.hub_licenses import IDENTIFIERS, hub_license
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.datagen.exporting.shards import json_line
from synthetic1.datagen.show import show_run
from synthetic1.datagen.show_tasks import show_tasks
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.trainers.finetuning import data as sft_data

FAMILIES, PASS_RATES, LENGTHS = card._plot_families, card._plot_pass_rates, card._plot_lengths


@pytest.fixture
def exported(tmp_path, monkeypatch):
    """Exports, without their pictures: those take longer than all else."""
    for name in ("families", "pass_rates", "lengths"):
        monkeypatch.setattr(card, f"_plot_{name}", lambda path, counts: path.write_bytes(b""))

    def call(to="x", metadata=({}, {}, {}), **changed):
        samples = {
            task(n, metadata=said): [(f"<think>t{n}</think>{i}", float(i <= n)) for i in range(3)]
            for n, said in enumerate(metadata)
        }
        samples[task(9, task_type="swe", metadata=metadata[0])] = [("x", 1.0), ("y", None), "z"]
        if not (tmp_path / "runs").exists():
            write_run(tmp_path / "runs", "a", samples)
        export(
            validate(ExportSettings, {"run": "a", "to": str(tmp_path / to), "runs": str(tmp_path / "runs"), **changed})
        )
        return tmp_path / to

    return call


def of_before(folder):
    """As exports lay before: shards beside the card."""
    for shard in sorted((folder / "data").iterdir()):
        shard.rename(folder / shard.name)
    (folder / "data").rmdir()
    made = json.loads((folder / "manifest.json").read_text())
    for file in made["files"]:
        file["name"] = file["name"].removeprefix("data/")
    (folder / "manifest.json").write_text(json.dumps(made))


def test_its_data_is_a_table_to_every_reader(exported):
    import pandas
    import pyarrow.parquet as parquet

    folder = exported(rows_per_shard=2)
    assert sorted(p.name for p in (folder / "data").iterdir()) == [f"train-0000{i}.parquet" for i in range(4)]
    rows = parquet.read_table(folder / "data").num_rows
    assert rows == 7 == len(pandas.read_parquet(folder / "data"))
    assert rows == len(pandas.read_parquet(folder, ignore_prefixes=["README", "manifest", "plots"]))
    names = {file["name"] for file in json.loads((folder / "manifest.json").read_text())["files"]}
    assert names == {f"data/{path.name}" for path in (folder / "data").iterdir()}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("file", ["parquet", "jsonl"])
def test_exports_of_before_and_of_now_are_read_alike(exported, old, file):
    sft = exported("sft", file=file)
    raw = exported("raw", format="synthetic1", file=file)
    if old:
        of_before(sft)
        of_before(raw)
    assert len(list(sft_data.read_rows(sft_data.files([str(sft)])))) == 7
    assert "p2\n    What is 2 + 2?" in show_tasks(str(raw), "", 20)
    shard = next(sft.rglob("train-*"))
    assert "What is 0 + 0?" in set(benchmark_texts(shard))


def test_a_set_of_before_is_replaced_whole(exported):
    of_before(exported(rows_per_shard=2))
    folder = exported(overwrite=True)
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("train-*")) == ["data/train-00000.parquet"]
    fresh = exported("fresh")
    assert all((folder / p.relative_to(fresh)).read_bytes() == p.read_bytes() for p in fresh.rglob("*") if p.is_file())


@pytest.mark.parametrize("format", ["synthetic1", "sft", "preference", "harbor"])
def test_hubs_read_the_card(exported, format):
    read = DatasetCard.load(exported(format=format) / "README.md").data
    assert isinstance(read, DatasetCardData)
    assert (read.language, read.task_categories, read.size_categories) == (["en"], ["text-generation"], ["n<1K"])
    assert read.pretty_name
    assert read.license is None  # nobody has said it


def test_settings_of_the_card_stand_in_it(exported):
    said = {"license": "cc-by-sa-4.0", "language": ["no", "fr"], "pretty_name": "Mine: all", "task_categories": ["x"]}
    folder = exported(card=said)
    read = DatasetCard.load(folder / "README.md").data.to_dict()
    assert {name: read[name] for name in said} == said
    assert "# Mine: all" in (folder / "README.md").read_text()


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        (({"license": "MIT"},) * 3, "mit"),
        (({"license": "MIT"}, {"curation": {"origin": {"license": "CC BY-SA 4.0"}}}, {"license": "MIT"}),
         ["cc-by-sa-4.0", "mit"]),
        (({"license": "MIT License"}, {"license": "The MIT License (MIT)"}, {"license": "Expat"}), "mit"),
        (({"license": "Ours | 2"},) * 3, "other"),
        (({"license": "CC BY-SA 2.5"}, {"license": "MIT"}, {"license": "Mine"}), ["mit", "other"]),
        (({"license": "MIT"}, {}, {"license": "MIT"}), None),
        (({"license": "MIT"}, {"license": None}, {"license": "MIT"}), None),
    ],
)  # fmt: skip
def test_no_licence_is_invented(exported, metadata, found):
    folder = exported(metadata=metadata)
    read = DatasetCard.load(folder / "README.md").data
    assert read.license == found
    names = {"other": "ours-2", ("mit", "other"): "cc-by-sa-2.5-and-mine"}
    assert getattr(read, "license_name", None) == names.get(found if isinstance(found, str) else tuple(found or ()))
    assert ("| licence | Ours / 2 |" in (folder / "README.md").read_text()) == (found == "other")


def test_a_licence_chosen_by_name_is_one_that_hubs_take(exported):
    read = DatasetCard.load(exported(card={"license": "Apache License, Version 2.0"}) / "README.md").data
    assert (read.license, hasattr(read, "license_name")) == ("apache-2.0", False)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Apache License 2.0 (Apache-2.0)", "apache-2.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "apache-2.0"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International License", "cc-by-nc-sa-4.0"),
        ("http://creativecommons.org/licenses/by-sa/3.0/", "cc-by-sa-3.0"),
        ("CC0", "cc0-1.0"),
        ("Creative Commons Zero v1.0 Universal", "cc0-1.0"),
        ("GPLv3", "gpl-3.0"),
        ("GPL-2.0-or-later", "gpl-2.0"),
        ("GNU Lesser General Public License v2.1 only", "lgpl-2.1"),
        ("https://www.gnu.org/licenses/agpl-3.0.en.html", "agpl-3.0"),
        ('BSD 3-Clause "New" or "Revised" License', "bsd-3-clause"),
        ("Mozilla Public License 2.0", "mpl-2.0"),
        ("Community Data License Agreement – Permissive, Version 2.0", "cdla-permissive-2.0"),
        ("LaTeX Project Public License v1.3c", "lppl-1.3c"),
        ("https://spdx.org/licenses/ISC.html", "isc"),
        ("Open Data Commons Attribution License v1.0", "odc-by"),
        *((said, None) for said in ("", "(", "MIT OR Apache-2.0", "MIT-0", "MIT + Commons Clause", "modified MIT")),
        *((said, None) for said in ("Apache", "CC BY", "CC BY-SA 2.5", "0BSD", "GPL-4.0", "not MIT", "MIT & GPL")),
    ],
)
def test_a_licence_is_what_it_says_or_none_of_the_hubs(said, found):
    assert hub_license(said) == found


@pytest.mark.parametrize("name", sorted(IDENTIFIERS))
def test_identifiers_of_the_hub_are_themselves_in_any_case(name):
    assert hub_license(f" {name.upper()} ") == name


@pytest.mark.parametrize(
    ("changed", "verified"),
    [({"format": "sft"}, True), ({"format": "preference"}, True), ({"format": "synthetic1"}, False),
     ({"format": "synthetic1", "verified": True}, True), ({"format": "harbor"}, False)],
)  # fmt: skip
def test_verified_is_said_only_where_it_is_so(exported, changed, verified):
    read = DatasetCard.load(exported(**changed) / "README.md")
    assert ("verified" in read.data.tags, "verified" in read.data.pretty_name.lower()) == (verified, verified)


def test_what_nobody_judged_is_not_refuted(exported):
    folder = exported(format="synthetic1")
    text = (folder / "README.md").read_text()
    assert "| software engineering | 3 | 1 (100%) | 0 | 2 | 3 |" in text
    assert "| math | 9 | 6 (67%) | 3 | 0 | 9 |" in text
    swe = json.loads((folder / "manifest.json").read_text())["counts"]["families"]["swe"]
    assert (swe["rollouts"], swe["judged"], swe["verified"]) == (3, 1, 1)


names = st.text("abcdefgh ijklmnop_", min_size=1, max_size=60)
family = st.tuples(*[st.integers(0, 10**7)] * 3).map(
    lambda n: {"verified": n[0], "judged": n[0] + n[1], "rollouts": sum(n)}
)
everyday = st.sampled_from(sorted(card.FAMILY_NAMES))


def drawn(monkeypatch, plot, *what):
    figures = []
    monkeypatch.setattr(card, "_save", lambda figure, path: figures.append(figure))
    plot(None, *what)
    figures[0].canvas.draw()
    return figures[0].axes[0]


def overlapping(axes):
    """Pairs of labels that lie over each other, or over the title or the legend."""
    texts = [label for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels() if label.get_text()]
    boxes = [text.get_window_extent() for text in [*texts, axes._left_title] if text.get_text()]
    if axes.get_legend() is not None:
        boxes.append(axes.get_legend().get_window_extent())
    return [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


@settings(max_examples=5, deadline=None)
@given(families=st.dictionaries(everyday | names, family, max_size=12))
def test_no_label_of_families_lies_over_another(families):
    with pytest.MonkeyPatch.context() as patch:
        axes = drawn(patch, FAMILIES, families)
    assert overlapping(axes) == []
    assert sum(bar.get_width() for bar in axes.patches) == sum(one["rollouts"] for one in families.values())


@settings(max_examples=4, deadline=None)
@given(powers=st.dictionaries(st.integers(0, 21).map(str), st.integers(1, 10**6)))
def test_no_label_of_lengths_lies_over_another(powers):
    with pytest.MonkeyPatch.context() as patch:
        axes = drawn(patch, LENGTHS, powers)
    assert overlapping(axes) == []
    assert sum(bar.get_height() for bar in axes.patches) == sum(powers.values())


def test_no_label_of_pass_rates_lies_over_another(monkeypatch):
    assert overlapping(drawn(monkeypatch, PASS_RATES, [10**6] * 11)) == []


values = st.text() | st.text("\x85\u2028\u2029\x1c\x0b\\u\ud800\n\r", max_size=9)


@given(st.dictionaries(values, values | st.lists(values)))
def test_a_row_is_one_line_to_everybody(row):
    line = json_line(row).decode()
    assert line.splitlines() == [line.removesuffix("\n")]
    assert json.loads(line) == row


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format": "prefernce"}, "did you mean `preference`"),
        ({"file": "parqet"}, "did you mean `parquet`"),
        ({"threshold": {"verifiable_mth": 0.5}}, "did you mean `verifiable_math`"),
        ({"threshold": {"defalt": 0.5}}, "did you mean `default`"),
        ({"run": "aa"}, "did you mean `a`"),
        ({"card": {"licence": "mit"}}, "did you mean `card.license`"),
    ],
)
def test_a_typo_names_what_was_meant(exported, changed, said):
    exported()
    with pytest.raises(ProgramError, match=said):
        exported("y", **changed)


def test_show_reads_what_no_encoding_has(tmp_path):
    write_run(tmp_path / "runs", "s", {task(1, metadata={"level": 10**400}): [("a\ud800b", 1.0)]})
    with pytest.raises(ProgramError, match="did you mean `verified`"):
        show_run("s", "", str(tmp_path / "runs"), "verifed", 20)
    for problem in ("", "p1"):
        show_run("s", problem, str(tmp_path / "runs"), "", 20).encode()
    assert "a\\ud800b" in show_run("s", "p1", str(tmp_path / "runs"), "", 20)
