"""Bad input to the trainer: one line that says what to do, exit status 2, and a traceback only when asked for."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

GOOD = {
    "problem_id": "0",
    "task_type": "code_output_prediction",
    "prompt": "What comes out?",
    "verification_info": {"ground_truth": "x"},
}


@pytest.fixture
def main(monkeypatch, capsys, tiny, tmp_path):
    """Run ``trainers/grpo.py`` in this process; its exit status and what it wrote to stderr."""
    from synthetic1.trainers.grpo import main as program

    def call(*arguments: str) -> tuple[object, str]:
        monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
        named = {argument.partition("=")[0] for argument in arguments}
        if named & {"~env", "env.tasks"}:
            named |= {"env.level", "env.size"}
        defaults = [a for a in (*tiny, f"runs={tmp_path / 'runs'}") if a.partition("=")[0] not in named]
        monkeypatch.setattr(sys, "argv", ["trainers/grpo.py", *defaults, *arguments])
        capsys.readouterr()
        try:
            program()
        except SystemExit as stop:
            return stop.code, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return call


def refused(outcome: tuple[object, str], *said: str) -> None:
    code, error = outcome
    assert code == 2
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert error.endswith("\n")
    for part in said:
        assert part in error


@pytest.fixture
def rows(tmp_path):
    """A task file of 40 good rows, the last of which is changed; its path."""

    def write(**changes: object) -> str:
        good = [{**GOOD, "problem_id": str(i)} for i in range(40)]
        last = {k: v for k, v in {**good[-1], **changes}.items() if v is not ...}
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in [*good[:-1], last]))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["env.id=synthetic1/nope-v0"], ["env `synthetic1/nope-v0`", "nope"]),
        (["~env", "+env={id: CartPole-v1}"], ["env `CartPole-v1`: "]),
        (["+env.colour=3"], ["env `synthetic1/code_understanding-v0`", "unexpected keyword argument 'colour'"]),
        (["env.level=11"], ["unknown level 11; levels are 1 to 10"]),
        (["env.level=0"], ["unknown level 0; levels are 1 to 10"]),
        (["env.level=abc"], ["cannot read level 'abc'; levels are 1 to 10"]),
        (["env.level=[1,99]"], ["unknown level 99"]),
        (["env.size=0"], ["size must be an integer of at least 1, got 0"]),
        (["env.split=dev"], ["split=dev cannot be chosen here"]),
        (["env.tasks=none.jsonl"], ["there is no `none.jsonl`; tasks are read from .jsonl"]),
        (["model=/no/such/model"], ["model `/no/such/model`: there is no such folder"]),
        (["model=./tests"], ["model `./tests`: the folder holds no config.json"]),
        (["model=nobody/nothing"], ["model `nobody/nothing` cannot be loaded", "give `embedded`, a folder"]),
        (["model.chat_template=/no/such.jinja"], ["model.chat_template", "/no/such.jinja"]),
        (["model.lora={target_modules: nope}"], ["Target modules nope not found"]),
        (["rollout.max_completion_length=16380"], ["rollout.max_completion_length=16380", "context of 16384"]),
        (["trainer.group_size=1"], ["trainer.group_size: Input should be greater than or equal to 2, got 1"]),
        (["trainer.micro_batch=3"], ["trainer.micro_batch=3 does not divide the 8 completions", "try 2"]),
        (["trainer.loss_type=nope"], ["trainer.loss_type: there is no `nope`", "dapo"]),
        (["trainer.loss_type=cispo"], ["loss_type=cispo", "trainer.epsilon_high", "above 1"]),
        (["trainer.updates_per_rollout=4"], ["trainer.max_steps=2 ends inside a rollout of 4 steps", "a multiple"]),
        (["trainer.lr_scheduler=nope"], ["nope", "cosine"]),
        (["+trainer.extra.nonsense=1"], ["trainer.extra.nonsense: trl.GRPOConfig has no such field"]),
        (["+trainer.extra.num_generations=8"], ["trainer.extra.num_generations", "trainer.group_size"]),
        (["trainer.curriculum=[{until: 0.5, levels: 1}]"], ["trainer.curriculum", "end at 1.0"]),
        (["trainer.curriculum=[{until: 1.0, levels: 9}]"], ["trainer.curriculum: no task has a level in 9"]),
        (["trainer.curriculum=[{until: 1.0, levels: x}]"], ["trainer.curriculum.0.levels: cannot read level 'x'"]),
        (["trainer.curriculum=[{until: 1.0}]"], ["trainer.curriculum.0.levels: Field required"]),
        (["rollout=vllm_server"], ["vllm_server", "CUDA", "rollout=transformers"]),
        (["runs=/dev/null"], ["/dev/null/grpo"]),
    ],
    ids=lambda value: value[-1] if "=" in value[-1] else "",
)
def test_settings(main, arguments, said, require):
    if arguments == ["rollout=vllm_server"]:
        require("vLLM", importlib.util.find_spec("vllm"), "make venv")
    refused(main(*arguments), *said)


@pytest.mark.parametrize("backend", ["vllm_colocate", "vllm_server"])
def test_vllm_asked_for_but_not_installed(main, monkeypatch, backend):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "vllm" else find_spec(name, *a))
    refused(main(f"rollout={backend}"), f"rollout={backend} needs vLLM", "pip install", "rollout=transformers")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": ...}, "field `prompt` is missing"),
        ({"task_type": None}, "field `task_type` is missing"),
        ({"prompt": 3}, "field `prompt` must be a non-empty string, got int 3"),
        ({"prompt": ""}, "field `prompt` must be a non-empty string"),
        ({"verification_info": [1]}, "field `verification_info` must hold a mapping"),
        ({"metadata": "{'a': open('x')}"}, "field `metadata` is neither JSON nor a Python literal"),
    ],
)
def test_a_wrong_row_is_named_by_file_number_and_field(main, rows, changes, said):
    refused(main(f"env.tasks={rows(**changes)}", "bad_rows=error"), "rows.jsonl, row 40: ", said)


def test_a_wrong_row_is_left_out_and_kept_unless_it_is_to_be_an_error(main, rows, tmp_path):
    path = rows(task_type="riddle")
    assert main(f"env.tasks={path}", "run_name=kept")[0] == 0
    [line] = (tmp_path / "runs/grpo/kept/bad_rows.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert json.loads((tmp_path / "runs/grpo/kept/result.json").read_text())["bad_rows"] == 1
    assert (kept["file"], kept["row"], kept["field"]) == (path, 40, "task_type")
    assert kept["reason"].startswith("no verifier for task type `riddle`; known: ")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task_type": "riddle"}, "no verifier for task type `riddle`; known: code_output_prediction"),
        ({"verification_info": {}}, "cannot be verified: verification_info.ground_truth is missing"),
        ({"verification_info": {"ground_truth": 3}}, "ground_truth is int, not a string"),
        ({"verification_info": {"ground_truth": "x", "compare": "vibes"}}, "verification_info.compare is 'vibes'"),
    ],
)
def test_a_task_nobody_can_judge(main, rows, changes, said):
    refused(main(f"env.tasks={rows(**changes)}", "eval.n=40", "bad_rows=error"), "task `39`", said)


def test_a_torn_file(main, tmp_path):
    path = tmp_path / "torn.jsonl"
    path.write_text(json.dumps(GOOD) + '\n{"problem_id": ')
    refused(main(f"env.tasks={path}", "bad_rows=error"), "torn.jsonl", "the last row is cut off")


def test_an_empty_file(main, tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    refused(main(f"env.tasks={path}"), "empty.jsonl holds no rows")


def test_a_prompt_longer_than_the_context(main, rows):
    path = rows(prompt="x" * 20_000)
    refused(main(f"env.tasks={path}"), "task `39`", "prompt of 200", "rollout.max_completion_length=24", "of 16384")


def test_a_file_without_a_held_out_part(main, tmp_path):
    path = tmp_path / "two.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "problem_id": "1"}) + "\n")
    refused(main(f"env.tasks={path}", "eval.n=4"), "two.jsonl", "too few to split")


def test_a_folder_that_holds_a_run(main, tmp_path):
    folder = tmp_path / "runs" / "grpo" / "old"
    folder.mkdir(parents=True)
    (folder / "metrics.jsonl").write_text("")
    refused(main("run_name=old"), f"{folder} holds a run already", "resume=true", "run_name=")


def test_a_dry_run_says_so_too(main, tmp_path):
    folder = tmp_path / "runs" / "grpo" / "old"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("seed: 0\n")
    refused(main("run_name=old", "dry_run=true"), f"{folder} holds a run already", "resume=true")


def test_modules_that_are_not_there_leave_no_folder(main, tmp_path):
    refused(main("model.lora={target_modules: [nope]}", "run_name=new"), "Target modules {'nope'} not found")
    assert not (tmp_path / "runs").exists()


def test_the_real_command_line(run_child):
    """The whole way once, in a process of its own; everything else above is the same code, faster."""
    done = run_child("trainers/grpo.py", "trainer.max_steps=abc")  # found out before torch is imported
    assert done.returncode == 2
    refused((done.returncode, done.stderr), "trainer.max_steps")
    assert "Traceback" not in done.stdout


def test_the_real_command_line_with_debug(run_child):
    done = run_child("trainers/grpo.py", "trainer.max_steps=abc", "--debug")
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "ProgramError: trainer.max_steps" in done.stderr
