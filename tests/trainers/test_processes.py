"""Several processes under ``accelerate launch`` are one run."""

from __future__ import annotations

import json
import re

import pytest

# As for two GPUs: where there is none, the processes meet over gloo. With `--cpu`, accelerate 1.15 starts one process
# unless there is MPI.
LAUNCH = ("-m", "accelerate.commands.launch", "--config_file", "configs/accelerate/ddp.yaml", "--num_processes", "2")
PORT = ("--main_process_port", "0")


@pytest.fixture(scope="module")
def launched(run_child, tiny, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    sizes = ("trainer.prompts_per_step=4", "trainer.max_steps=3", "trainer.save_every=2", "eval.n=7")
    done = run_child(*LAUNCH, *PORT, "trainers/grpo.py", *tiny, f"runs={runs}", *sizes)
    assert done.returncode == 0, done.stderr[-3000:]
    return done, runs / "grpo" / "code_understanding-embedded-s0", sizes


def rows(folder, name):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_there_is_one_run_folder_with_one_row_a_step(launched):
    done, folder, _ = launched
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    steps = [row for row in rows(folder, "metrics.jsonl") if "eval" not in row]
    assert [row["step"] for row in steps] == [1, 2, 3]
    assert (folder / "report.html").is_file()
    assert len(re.findall(r"^step +1/3 ", done.stdout, re.MULTILINE)) == 1
    assert done.stdout.count("held-out tasks  ") == 1


def test_its_figures_are_those_of_all_processes(launched):
    done, folder, _ = launched
    assert re.search(r"processes +2\n", done.stdout)
    assert "4 tasks × 4 = 16 completions" in done.stdout
    for row in rows(folder, "metrics.jsonl"):
        if "eval" not in row:
            assert sum(level["n"] for level in row["by_level"].values()) == 16
    result = json.loads((folder / "result.json").read_text())
    assert result["completions"] == 48
    assert result["before"]["n"] == result["after"]["n"] == 7  # an odd number, shared by two


def test_the_tasks_are_those_of_one_process(launched, train, tmp_path):
    """The schedule does not depend on how many processes share it, nor does the model of one that continues."""
    _, folder, sizes = launched
    alone = train(f"runs={tmp_path}", *sizes)
    together = [row for row in rows(folder, "metrics.jsonl") if "eval" not in row]
    for mine, theirs in zip(alone.steps, together, strict=True):
        assert {k: v["n"] for k, v in mine["by_level"].items()} == {k: v["n"] for k, v in theirs["by_level"].items()}
    before, both = alone.result["before"], json.loads((folder / "result.json").read_text())["before"]
    assert both["greedy_pass_at_1"] == before["greedy_pass_at_1"]


@pytest.mark.proofs
def test_processes_resume_too(run_child, tiny, tmp_path):
    """Two processes, finished at step 2 and made longer, take the steps of two that were never stopped."""
    sizes = ("trainer.prompts_per_step=4", "trainer.lr_scheduler=constant", "trainer.learning_rate=1e-3")
    losses = {}
    for name, steps in (("whole", 4), ("parts", 2), ("parts", 4)):
        options = (*sizes, f"trainer.max_steps={steps}", "resume=true", f"run_name={name}", f"runs={tmp_path}")
        done = run_child(*LAUNCH, *PORT, "trainers/grpo.py", *tiny, *options)
        assert done.returncode == 0, done.stderr[-3000:]
        losses[name] = [row["loss"] for row in rows(tmp_path / "grpo" / name, "metrics.jsonl")]
    assert len(losses["whole"]) == 4
    assert losses["parts"] == pytest.approx(losses["whole"], abs=1e-5)
