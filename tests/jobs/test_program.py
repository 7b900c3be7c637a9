"""The edge of every program: what the command line gives, and how what is wrong with it is said."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from synthetic1.jobs.program import ProgramError, explain, run_program, validate
from synthetic1.reports.run_folder import RunFolderError
from synthetic1.task import TaskError
from synthetic1.tasks.code_understanding import LevelExhausted
from synthetic1.trainers.reinforcement.settings import GrpoSettings

EXTRAS = [
    (["trainer.extra={a: 1}"], {"a": 1}),
    (["trainer.extra.a.b=1", "trainer.extra.c=2"], {"a": {"b": 1}, "c": 2}),
    (["+trainer.extra.a=1", "++trainer.extra.c=2"], {"a": 1, "c": 2}),
]
TELEMETRY = ("HF_HUB_DISABLE_TELEMETRY", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK")


@dataclass(frozen=True)
class Outcome:
    settings: GrpoSettings | None
    code: object
    error: str


@pytest.fixture
def command_line(monkeypatch, capsys):
    """Call the program in this process: ``command_line("seed=1", raises=…)``."""
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")

    def call(*arguments: str, raises: BaseException | None = None) -> Outcome:
        got: list[GrpoSettings] = []

        def run(settings: GrpoSettings) -> None:
            got.append(settings)
            if raises is not None:
                raise raises

        monkeypatch.setattr(sys, "argv", ["grpo", *arguments])
        code: object = 0
        try:
            run_program("grpo", GrpoSettings, run, open_groups={"model": ("hub", "model.name")})
        except SystemExit as stop:
            code = stop.code
        return Outcome(got[0] if got else None, code, capsys.readouterr().err)

    return call


def test_settings_are_validated_values(command_line):
    outcome = command_line("trainer.max_steps=7", "env.level=2", "recipe=dr_grpo")
    assert outcome.code == 0
    assert isinstance(outcome.settings, GrpoSettings)
    assert outcome.settings.trainer.max_steps == 7
    assert type(outcome.settings.env.kwargs["level"]) is int  # no DictConfig passes the edge
    assert outcome.settings.trainer.loss_type == "dr_grpo"
    assert outcome.error == ""


@pytest.mark.parametrize(("arguments", "extra"), EXTRAS)
def test_a_section_that_takes_any_name_wants_no_plus(command_line, arguments, extra):
    outcome = command_line(*arguments)
    assert outcome.error == ""
    assert outcome.settings is not None
    assert outcome.settings.trainer.extra == extra


@pytest.mark.parametrize(
    ("arguments", "r"),
    [
        (["model.lora.r=8"], 8),
        (["+model.lora.r=8"], 8),
        (["model.lora={r: 8}"], 8),
        (["model.lora=true"], 16),
        (["model.lora=true", "model.lora.alpha=8"], 16),
        (["model.lora=null"], None),
    ],
)
def test_a_section_that_is_null_unless_wanted_is_written_as_any_other(command_line, arguments, r):
    outcome = command_line(*arguments)
    assert outcome.error == ""
    assert outcome.settings is not None
    assert getattr(outcome.settings.model.lora, "r", None) == r


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["env=nope"], "there is no env `nope`; there are: code, code_understanding"),
        (["rollout=nope"], "there is no rollout `nope`; there are: transformers, vllm_colocate, vllm_server"),
        (["recipe=nope"], "there is no recipe `nope`; there are: dapo, default, demo, dr_grpo, r1"),
        (["trainer.foo=1"], "unknown setting `trainer.foo`; --help lists"),
        (["+trainer.foo=1"], "unknown setting `trainer.foo`; --help lists"),
        (["foo=1"], "unknown setting `foo`; --help lists"),
        (["~trainer.foo"], "unknown setting `trainer.foo`; --help lists"),
        (["trainer.max_steps=abc"], "trainer.max_steps: Input should be a valid integer"),
        (["trainer.max_steps=1.5"], "trainer.max_steps: Input should be a valid integer"),
        (["trainer.max_steps=0"], "trainer.max_steps: Input should be greater than 0, got 0"),
        (["trainer.max_steps=null"], "trainer.max_steps: Input should be a valid integer, got None"),
        (["seed=-1"], "seed: Input should be greater than or equal to 0, got -1"),
        (["model.dtype=int8"], "model.dtype: there is no `int8`; there are: float32, bfloat16, float16"),
        (["model="], "model.name: "),
        (["model=hub"], "`model.name` has no value; give it one: model.name=…"),
        (["run_name=${nope}"], "'nope' not found"),
        (["trainer.max_steps"], "cannot read `trainer.max_steps`: settings are written name=value"),
        (["env=[1,2"], "cannot read `env=[1,2`: settings are written name=value"),
        (["--resume"], "unknown option `--resume`; settings are written name=value: resume=true"),
        (["--max-steps=5"], "unknown option `--max-steps=5`; settings are written name=value: max-steps=5"),
        (["resume=true", "overwrite=true"], "resume=true goes on with a run and overwrite=true puts it aside"),
        (["env.id=null"], "env needs either an `id`"),
        (["~env", "+env={mixture: {a: {weight: -1, id: x}}}"], "mixture.a needs an `id` and a positive `weight`"),
    ],
)
def test_a_wrong_command_line_is_one_line(command_line, arguments, said):
    outcome = command_line(*arguments)
    assert outcome.settings is None
    assert outcome.code == 2
    assert outcome.error.startswith("error: ")
    assert outcome.error.count("\n") == 1
    assert outcome.error.endswith("\n")
    assert said in outcome.error


COLOCATE = "rollout=vllm_colocate"
IDLE = [
    (["+rollout.vllm.sleep=true"], "rollout.vllm.sleep does nothing with rollout=transformers; choose rollout=vllm_co"),
    ([COLOCATE, "+rollout.vllm.server_base_url=http://a"], "server_base_url does nothing with rollout=vllm_colocate"),
    (["rollout=vllm_server", "+rollout.vllm.sleep=true"], "rollout.vllm.sleep does nothing with rollout=vllm_server"),
    ([COLOCATE, "+rollout.vllm.server_wait_s=99"], "server_wait_s does nothing with rollout=vllm_colocate"),
    (["rollout=vllm_server", "+rollout.vllm.max_model_length=99"], "max_model_length does nothing with rollout=vllm"),
    ([COLOCATE, "eval.batch_size=8"], "eval.batch_size does nothing where vLLM evaluates"),
    (["eval.n=0", "eval.every=5"], "eval.every does nothing with eval.n=0, which switches every evaluation off"),
    (["eval.n=0", "eval.greedy=false"], "eval.greedy does nothing with eval.n=0"),
    (["eval.n_during=5"], "eval.n_during does nothing without eval.every"),
    (["trainer.loss_type=sapo", "trainer.epsilon=0.1"], "trainer.epsilon does nothing with trainer.loss_type=sapo"),
    (["model.revision=main"], "model.revision does nothing with model=embedded"),
]


@pytest.mark.parametrize(("arguments", "said"), IDLE)
def test_a_setting_that_does_nothing_is_refused_in_one_line(command_line, arguments, said):
    outcome = command_line(*arguments)
    assert (outcome.settings, outcome.code, outcome.error.count("\n")) == (None, 2, 1)
    assert said in outcome.error


@pytest.mark.parametrize(
    "arguments",
    [
        ["recipe=demo", "eval.every=0"],  # the recipe's eval.n_during was not typed
        ["recipe=demo", "eval.n=0"],
        ["eval.n=0", "eval.every=0"],  # what it is anyway
        ["eval.n=0", "eval.greedy=true"],
        ["eval.every=5", "eval.n_during=7"],
        [COLOCATE, "rollout.vllm.sleep=true"],
        ["rollout=vllm_server", "rollout.vllm.server_base_url=http://a"],
        ["trainer.loss_type=cispo", "trainer.epsilon_high=5", "trainer.epsilon=0.2"],
    ],
)
def test_a_setting_that_was_not_typed_or_not_changed_is_not_refused(command_line, arguments):
    outcome = command_line(*arguments)
    assert outcome.error == ""
    assert outcome.settings is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trainer.learning_rat=1"], "unknown setting `trainer.learning_rat`; did you mean `trainer.learning_rate`?"),
        (["+trainer.learning_rat=1"], "unknown setting `trainer.learning_rat`; did you mean `trainer.learning_rate`?"),
        (["~trainer.learning_rat"], "unknown setting `trainer.learning_rat`; did you mean `trainer.learning_rate`?"),
        (["rollout=vllm_colocate", "rollout.vllm.slep=true"], "did you mean `rollout.vllm.sleep`?"),
        (["model.lora={rank: 4}", "seeed=1"], "unknown setting `seeed`; did you mean `seed`?"),
        (["model.lora={rr: 4}"], "unknown setting `model.lora.rr`; did you mean `model.lora.r`?"),
        (["model.lora.rr=4"], "unknown setting `model.lora.rr`; did you mean `model.lora.r`?"),
        (["model.lora=8"], "model.lora: is a section, got 8: model.lora=true, model.lora.r=16, or null"),
        (["rewards=[{name: format, wieght: 0.1}]"], "`rewards.0.wieght`; did you mean `rewards.0.weight`?"),
        (["noise={verifiable_math: {false_acept: 0.1}}"], "did you mean `noise.verifiable_math.false_accept`?"),
        (["trainer.curriculum=[{levels: 1, untill: 1, until: 1}]"], "did you mean `trainer.curriculum.0.until`?"),
        (["weihgt=3"], "unknown setting `weihgt`; --help lists what there is"),  # one of a list cannot be set so
        (["env.levle=3"], "unknown setting `env.levle`; did you mean `env.level`?"),
        (["env=code", "env.time_limit=3"], "unknown setting `env.time_limit`; did you mean `env.time_limit_s`?"),
        (["env=mixture", "env.level=3"], "unknown setting `env.level`; did you mean `env.mixture."),
        (["max_steps=3"], "unknown setting `max_steps`; did you mean `trainer.max_steps`?"),
        (["trianer.max_stepz=3"], "unknown setting `trianer.max_stepz`; did you mean `trainer.max_steps`?"),
        (["trainer.seed=3"], "unknown setting `trainer.seed`; did you mean `seed`?"),
        (["modle=Qwen/Qwen3-0.6B"], "unknown setting `modle`; did you mean `model`?"),
        (["recipee=demo"], "unknown setting `recipee`; did you mean `recipe`?"),
        (["env.levle=3", "env=nope"], "there is no env `nope`; there are: "),
        (["env.levle=3", "rollout=vllm_colocate,transformers"], "rollout=vllm_colocate,transformers"),
        (["env=mth"], "there is no env `mth`; did you mean `math`? there are: code, code_understanding, "),
        (["recipe=drgrpo"], "there is no recipe `drgrpo`; did you mean `dr_grpo`? there are: dapo"),
        (["trainer.loss_type=dapoo"], "trainer.loss_type: there is no `dapoo`; did you mean `dapo`? there are: bnpo"),
        (["report_to=[wandbb]"], "report_to.0: there is no `wandbb`; did you mean `wandb`? there are: wandb, trackio"),
        (["samples=al"], "samples: there is no `al`; did you mean `all`? there are: some, all"),
        (["judge.votes=3"], "`judge.votes` is not in the chosen configuration; choose another judge, or add it: +ju"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(command_line, arguments, said):
    outcome = command_line(*arguments)
    assert (outcome.settings, outcome.code, outcome.error.count("\n")) == (None, 2, 1)
    assert said in outcome.error


@pytest.mark.parametrize(
    "error",
    [
        ProgramError("what, where,\n   what would be right"),
        TaskError("what, where, what would be right"),
        RunFolderError("what, where, what would be right"),
    ],
)
def test_a_user_error_is_one_line(command_line, error):
    outcome = command_line(raises=error)
    assert (outcome.code, outcome.error) == (2, "error: what, where, what would be right\n")


def test_a_level_without_more_programs_is_a_user_error(command_line):
    outcome = command_line(raises=LevelExhausted(1, "test", 180))
    assert (outcome.code, outcome.error.count("\n")) == (2, 1)
    assert outcome.error.startswith("error: level 1 (test) has hardly more than 180 distinct programs")


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("a defect of ours"), OSError("a disk")])
def test_a_defect_keeps_its_traceback(command_line, error):
    with pytest.raises(type(error)) as caught:
        command_line(raises=error)
    assert caught.value is error
    assert any(entry.name == "run" for entry in caught.traceback)


def test_ctrl_c_is_no_defect(command_line):
    outcome = command_line(raises=KeyboardInterrupt())
    assert (outcome.code, outcome.error) == (130, "stopped\n")


def test_debug_shows_the_traceback(command_line):
    with pytest.raises(ProgramError) as caught:
        command_line("--debug", raises=ProgramError("x"))
    assert any(entry.name == "run" for entry in caught.traceback)


def test_hydra_full_error_shows_the_traceback(command_line, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(ProgramError):
        command_line(raises=ProgramError("x"))


def test_debug_is_no_setting(command_line):
    assert command_line("--debug", "seed=3").settings.seed == 3


@pytest.mark.parametrize(
    "name", ["Qwen/Qwen3-0.6B", "/models/my model", "./it's (a) {model}: 50%", "embedded", "./a=b"]
)
def test_a_model_is_a_group_or_a_free_name(command_line, name):
    assert command_line(f"model={name}").settings.model.name == name


def test_no_telemetry_unless_the_environment_says_otherwise(command_line, monkeypatch):
    for name in TELEMETRY:
        monkeypatch.setenv(name, "")  # so that what the program sets is taken back after the test
        monkeypatch.delenv(name)
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    command_line()
    assert {name: os.environ[name] for name in TELEMETRY} == {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "0",
    }


def test_hydra_writes_nothing(command_line, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert command_line().code == 0
    assert list(tmp_path.iterdir()) == []


def values(**changes: Any) -> dict[str, Any]:
    trainer = {"max_steps": 1, "prompts_per_step": 2, "group_size": 4} | changes
    return {
        "env": {"id": "a/b-v0"},
        "model": {"name": "embedded"},
        "rollout": {"backend": "transformers", "max_completion_length": 8},
        "trainer": trainer,
    }


def test_the_first_wrong_setting_is_named():
    with pytest.raises(ProgramError, match=r"^trainer\.max_steps: .*, got 'x'$"):
        validate(GrpoSettings, values(max_steps="x", group_size=0))


def test_explain_leaves_defects_alone():
    assert explain(ZeroDivisionError()) is None


@pytest.mark.parametrize("said", [None, "0", "1"])
def test_what_hydra_is_told_reaches_no_other_program(said, monkeypatch):
    """Those that a job starts say their errors in one line, too, unless the person asked for all of them."""
    if said is None:
        monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    else:
        monkeypatch.setenv("HYDRA_FULL_ERROR", said)
    monkeypatch.setattr(sys, "argv", ["grpo", "seed=1"])
    seen = []
    run_program("grpo", GrpoSettings, lambda settings: seen.append(os.environ.get("HYDRA_FULL_ERROR")), open_groups={})
    assert [*seen, os.environ.get("HYDRA_FULL_ERROR")] == [said, said]


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ({}, {"GOMP_SPINCOUNT": "1000"}),
        ({"GOMP_SPINCOUNT": "7"}, {"GOMP_SPINCOUNT": "7"}),
        ({"OMP_WAIT_POLICY": "passive"}, {"OMP_WAIT_POLICY": "passive"}),
    ],
)
def test_threads_spin_briefly_unless_the_environment_says_otherwise(command_line, monkeypatch, said, becomes):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    found = {}

    def run(settings):
        found.update({name: os.environ[name] for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY") if name in os.environ})

    command_line("trainer.max_steps=3")
    run_program("grpo", GrpoSettings, run)
    assert found == becomes


def test_torch_is_not_loaded_before_its_threads_are_told():
    """libgomp reads the environment when torch loads it."""
    code = (
        "import sys; sys.argv = ['grpo', '--cfg', 'job']\n"
        "from synthetic1.jobs import program\n"
        "said = program.spin_briefly\n"
        "def check():\n"
        "    assert 'torch' not in sys.modules and 'synthetic1.trainers.grpo' in sys.modules\n"
        "    said(); print('told')\n"
        "program.spin_briefly = check\n"
        "from synthetic1.trainers import grpo\n"
        "grpo.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("told"), done.stderr
