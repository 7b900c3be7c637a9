"""Trackers: what real ones have stored, offline; and that none of them ends a run or holds it up."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import pytest

from synthetic1.jobs.program import ProgramError, validate
from synthetic1.jobs.tracking import tracked
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.sinks import feed, names, trackers
from synthetic1.reports.sinks.sink import TrackerRun
from synthetic1.reports.sinks.trackers import KINDS, Trackers
from synthetic1.trainers.finetuning.settings import SftSettings

ALL = list(KINDS)
HOSTILE = "</script>\x00\x1b[2J\ud800 | é\n```\nrow"


@pytest.fixture(scope="module", autouse=True)
def stores(require, tmp_path_factory):
    """Where trackers keep what is not in a run folder: trackio reads its folder when it is imported."""
    for kind in KINDS.values():
        for package in kind.packages:
            require(package, find_spec(package), "pip install 'synthetic1[track]'")
    folder = tmp_path_factory.mktemp("stores")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_API_KEY", "TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("TRACKIO_DIR", str(folder / "trackio"))
        patch.setattr(trackers, "FINISH_WITHIN_S", 300.0)  # this machine may be busy elsewhere
        yield folder


# What they have stored -----------------------------------------------------------------------------------------------


def tensorboard_scalars(run):
    """{name: [(step, value)]} of numbers, and {name: [text]}."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run / "tracking/tensorboard"))
    events.Reload()
    scalars = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    texts = events.Tags()["tensors"]
    return scalars, {tag: [e.tensor_proto.string_val[0].decode() for e in events.Tensors(tag)] for tag in texts}


def trackio_rows(run):
    """(step, metrics) of the run in trackio's database."""
    from trackio.utils import TRACKIO_DIR

    known = (run / "tracking/trackio.id").read_text().strip()
    with sqlite3.connect(TRACKIO_DIR / "synthetic1.db") as store:
        found = store.execute("SELECT step, metrics FROM metrics WHERE run_id = ? ORDER BY id", (known,)).fetchall()
    return [(step, json.loads(metrics)) for step, metrics in found]


def mlflow_run(run):
    from mlflow.tracking import MlflowClient

    client, known = MlflowClient(), (run / "tracking/mlflow.id").read_text().strip()
    return client, client.get_run(known)


def wandb_bytes(run):
    """All records of all sessions: protocol buffers, whose strings stand in them as they are."""
    (known,) = {path.stem for path in (run / "tracking/wandb").glob("offline-run-*/*.wandb")}
    assert known == f"run-{(run / 'tracking/wandb.id').read_text().strip()}"
    return b"".join(path.read_bytes() for path in sorted((run / "tracking/wandb").glob("offline-run-*/*.wandb")))


def row(step, **changes):
    usual = {
        "step": step,
        "steps": 4,
        "reward": step / 8,
        "zero_std_share": 0.25,
        "kl": None,
        "loss": float("nan"),
        "seconds": {"step": 2.0, "score": 0.5},
        "by_level": {"1": {"n": 3, "pass_at_1": 0.5}},
        "warnings": ["something"],
    }
    return usual | changes


def sample(step, phase="train"):
    said = {"prompt": "What is 1 + 1?", "completion": HOSTILE, "score": 1.0, "advantage": 0.5, "reason": "correct"}
    return {"step": step, "phase": phase, "task_id": "t", "level": 1, "answer": "2", "expected": None} | said


def session(path, steps, ending, *, resume=False):
    config = {"run_name": "x", "resume": resume, "trainer": {"max_steps": 4, "extra": {}}, "env": {"id": "a/b-v0"}}
    said = []
    with RunFolder.create(path, resume=resume) as run:
        run.follow(Trackers.open(ALL, TrackerRun("grpo", run.path, config), said.append))
        for step in steps:
            run.log_metrics(row(step), trainer={"loss": 0.5, "clip_ratio/low_mean": 0.125, "reward": step / 4})
            run.log_sample(sample(step))
        if ending == "finished":
            run.log_metrics({"step": 4, "eval": {"pass_at_1": 0.75, "ci95": [0.5, 1.0], "n": 4}})
            run.log_sample(sample(4, "after"))
            run.write_result({"difference": 0.25, "versions": {"trl": "1"}, "after": {"c++": 2, "by_level": {"1": 3}}})
            (run.path / "report.html").write_text("<p>the page</p>")
        run.unfollow(ending)
    assert said == []


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A run that was stopped after step 3, with a checkpoint of step 2, and went on from there."""
    path = tmp_path_factory.mktemp("runs") / "grpo" / "x"
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trackio.run._get_default_namespace", lambda: asked.append("who is logged in to the hub?"))
        session(path, [1, 2, 3], "stopped")
        session(path, [3, 4], "finished", resume=True)
    assert asked == []
    with pytest.MonkeyPatch.context() as patch:  # for the other tests: to make its tables takes MLflow some seconds
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path / 'tracking/mlflow.db'}")
        yield path


def test_tensorboard_has_each_step_once(stored):
    scalars, shown = tensorboard_scalars(stored)
    assert scalars["train/reward"] == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)]  # TRL's own number wins
    assert scalars["train/frac_reward_zero_std"] == [(step, 0.25) for step in (1, 2, 3, 4)]
    assert scalars["train/loss"][0] == (1, 0.5)
    assert scalars["eval/pass_at_1"] == [(4, 0.75)]
    assert scalars["result/difference"] == [(4, 0.25)]
    assert "result/after/by_level/1" not in scalars
    assert "train/kl" not in scalars
    assert [text.count("What is 1 + 1?") for text in shown["completions/text_summary"]] == [1] * 5  # texts stay
    assert "trainer.max_steps" in shown["config/text_summary"][0]


def test_trackio_goes_on_in_the_same_run(stored):
    rows = trackio_rows(stored)
    rewards = [(step, metrics["train/reward"]) for step, metrics in rows if "train/reward" in metrics]
    assert rewards == [(1, 0.25), (2, 0.5), (3, 0.75), (3, 0.75), (4, 1.0)]
    (table, *_) = [metrics["completions"] for _, metrics in rows if "completions" in metrics]
    (shown,) = table["_value"]
    assert (shown["prompt"], shown["reward"], shown["reason"]) == ("What is 1 + 1?", 1.0, "correct")
    assert "gradio" not in sys.modules  # no dashboard until somebody runs `trackio show`
    assert "fastapi" not in getattr(sys.modules.get("trackio.run"), "__dict__", {})


def test_mlflow_has_history_parameters_tables_and_files(stored):
    client, run = mlflow_run(stored)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "grpo-x")
    history = client.get_metric_history(run.info.run_id, "train/reward")
    assert sorted({(m.step, m.value) for m in history}) == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)]
    assert run.data.metrics["result/after/c__"] == 2.0
    assert run.data.params["trainer.max_steps"] == "4"
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert files == {"tables", "result.json", "report.html"}
    tables = json.loads(run.data.tags["mlflow.loggedArtifacts"])
    assert [table["path"] for table in tables] == [
        *(f"tables/completions_{step:06d}.json" for step in (1, 2, 3, 4)),
        "tables/eval_completions_000004.json",
    ]
    table = json.loads(Path(client.download_artifacts(run.info.run_id, tables[0]["path"])).read_text())
    assert dict(zip(table["columns"], table["data"][0], strict=True))["reward"] == 1.0


def test_wandb_keeps_the_run_for_sync(stored):
    kept = wandb_bytes(stored)
    for text in (
        b"train/reward",
        b"train/clip_ratio/low_mean",
        b"train/global_step",
        b"eval/completions",
        b"report.html",
    ):
        assert text in kept
    tables = list((stored / "tracking/wandb").glob("offline-run-*/files/media/table/completions_*.json"))
    assert len(tables) == 5  # each is of a step; step 3 was done twice
    assert "What is 1 + 1?" in tables[0].read_text()
    assert not list((stored / "tracking/wandb").glob("offline-run-*/files/**/*.patch"))  # no source code of anybody


# Programs ------------------------------------------------------------------------------------------------------------


def test_grpo_tells_all_four(tmp_path, stored):
    from training_runs import train_here

    told = f"report_to=[{','.join(ALL)}]"
    run = train_here(f"runs={tmp_path}", "run_name=all", "trainer.sample_every=1", "eval.n=4", told)
    ours, (scalars, shown) = run.steps, tensorboard_scalars(run.path)
    assert [step for step, _ in scalars["train/loss"]] == [1, 2]
    for name, key in (("reward", "reward"), ("frac_reward_zero_std", "zero_std_share"), ("grad_norm", "grad_norm")):
        assert [value for _, value in scalars[f"train/{name}"]] == pytest.approx([step[key] for step in ours])
    for name in ("reward_std", "entropy", "learning_rate", "completions/mean_length", "completions/clipped_ratio"):
        assert len(scalars[f"train/{name}"]) == 2
    assert {"train/clip_ratio/region_mean", "train/step_time", "train/num_tokens"} <= set(scalars)  # as TRL logs them
    assert [step for step, _ in scalars["eval/pass_at_1"]] == [0, 2]
    assert {"completions/text_summary", "eval/completions/text_summary"} <= set(shown)
    assert {"train/reward", "eval/pass_at_1"} <= {name for _, metrics in trackio_rows(run.path) for name in metrics}
    assert b"train/reward" in wandb_bytes(run.path)
    client, found = mlflow_run(run.path)
    assert found.info.status == "FINISHED"
    assert found.data.metrics["train/reward"] == pytest.approx(ours[-1]["reward"])
    assert "report.html" in {file.path for file in client.list_artifacts(found.info.run_id)}


def test_evaluate_tells_tensorboard_and_mlflow(tmp_path, stored, monkeypatch):
    from synthetic1.evaluation.evaluate_model import main

    told = ["n=4", "run_name=e", "sampling.max_tokens=24", "report_to=[tensorboard,mlflow]"]
    monkeypatch.setattr(sys, "argv", ["evaluate_model.py", f"runs={tmp_path}", *told])
    main()
    path = tmp_path / "evaluate/e"
    result = json.loads((path / "result.json").read_text())
    scalars, shown = tensorboard_scalars(path)
    assert scalars["eval/pass_at_1"] == [(0, pytest.approx(result["pass_at_1"]))]
    assert "eval/completions/text_summary" in shown
    client, run = mlflow_run(path)
    assert run.data.metrics["eval/pass_at_1"] == result["pass_at_1"]
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"result.json", "report.html", "tables"}


def test_sft_says_its_steps_as_trl_does(tmp_path):
    from synthetic1.trainers.sft import train

    row = {"prompt": [{"role": "user", "content": "a"}], "completion": [{"role": "assistant", "content": "b" * 20}]}
    (tmp_path / "rows.jsonl").write_text(f"{json.dumps(row)}\n" * 4)
    told = {"data": str(tmp_path / "rows.jsonl"), "model": {"name": "embedded"}, "runs": str(tmp_path), "run_name": "s"}
    train(validate(SftSettings, told | {"report_to": "tensorboard", "trainer": {"batch_size": 2, "max_steps": 2}}))
    scalars, _ = tensorboard_scalars(tmp_path / "sft/s")
    for name in ("loss", "grad_norm", "learning_rate", "mean_token_accuracy", "num_tokens", "epoch"):
        assert [step for step, _ in scalars[f"train/{name}"]] == [1, 2]
    assert "train/token_accuracy" not in scalars
    assert scalars["result/completion_tokens"][0][0] == 2


def test_generate_says_how_far_it_is(tmp_path):
    from scripted_process import scripted

    from synthetic1.datagen.generate import generate
    from synthetic1.datagen.generation.settings import GenerateSettings

    task = {"task_type": "verifiable_math", "source": "test", "metadata": "{}"}
    rows = [
        {"problem_id": f"p{i}", "prompt": f"It is said that {i} + {i} = {2 * i}"}
        | {"verification_info": json.dumps({"ground_truth": str(2 * i)}), **task}
        for i in range(6)
    ]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    env = {"id": "synthetic1/math-v0", "tasks": str(tmp_path / "tasks.jsonl"), "split": "all"}
    with scripted("--right", "1") as server:
        told = {"env": env, "server": server.url, "model_name": "scripted", "runs": str(tmp_path), "run_name": "g"}
        generate(validate(GenerateSettings, told | {"report_to": ["tensorboard"]}))
    scalars, shown = tensorboard_scalars(tmp_path / "generate/g")
    assert scalars["generate/verified"] == [(6, 6.0)]
    assert scalars["result/rollouts"] == [(6, 6.0)]
    assert shown["completions/text_summary"][0].count("It is said that") == 6
    assert "It is said that" in (tmp_path / "generate/g/report.html").read_text()


# Names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "given", "also", "expected"),
    [
        ("grpo", {"step": 1, "clip_share": 0.5}, {}, {"train/completions/clipped_ratio": 0.5}),
        ("grpo", {"step": 1, "reward_std": 0.5}, {"reward_std": 0.6}, {"train/reward_std": 0.6}),
        ("grpo", {"step": 1, "kl": None, "loss": float("inf"), "warnings": ["x"], "resumed": True}, {}, {}),
        ("grpo", {"seconds": {"step": 1, "score": 0.5}}, {}, {"train/step_time": 1.0, "train/seconds/score": 0.5}),
        ("sft", {"step": 2, "tokens": 7}, {"num_tokens": 7.0}, {"train/num_tokens": 7.0}),
        (
            "grpo",
            {"step": 2, "phase": "after", "eval": {"pass_at_1": 0.5, "ci95": [0.25, 0.75]}},
            {},
            {"eval/pass_at_1": 0.5, "eval/ci95_low": 0.25, "eval/ci95_high": 0.75},
        ),
    ],
)
def test_names_are_those_of_trl(program, given, also, expected):
    assert names.of_metrics(program, given, also) == expected


def test_a_result_has_its_numbers_and_no_number_for_every_task():
    result = {"scores": {"a": 1.0}, "seed": 3, "pass_at_1": 0.5, "pass_at_k": {"2": {"n": 4}}, "compared": None}
    assert names.of_result("evaluate", result) == {"eval/pass_at_1": 0.5, "eval/pass_at_k/2/n": 4.0}
    assert names.of_result("sft", {"loss_last": 1}) == {"result/loss_last": 1.0}


# What does not work --------------------------------------------------------------------------------------------------


class Recorder:
    """A tracker of the tests: keeps what it is told, or refuses it, or waits."""

    def __init__(self, *, refuses=(), waits_for=None):
        self.told, self.refuses, self.waits_for = [], refuses, waits_for

    def log(self, step, metrics):
        if self.waits_for is not None:
            self.waits_for.wait()
        if step in self.refuses:
            raise OSError("no network")
        self.told.append(step)

    def table(self, name, step, rows):
        self.told.append((name, step, len(rows)))

    def artifact(self, path, name):
        self.told.append(name)

    def finish(self, ending):
        self.told.append(ending)


def followed(path, sinks, steps, ending="finished"):
    """What was warned of a run that these trackers follow."""
    said = []
    with RunFolder.create(path, resume=False) as run:
        run.follow(Trackers(TrackerRun("grpo", run.path), sinks, said.append))
        for step in range(steps):
            run.log_metrics(row(step))
        run.unfollow(ending)
        assert len(run.read_metrics()) == steps
    return said


def test_one_that_cannot_be_opened_is_one_line(tmp_path):
    def refused():
        raise SystemExit("not\nlogged in")

    other = Recorder()
    said = followed(tmp_path / "x", {"wandb": refused, "other": lambda: other}, 50)
    assert said == ["wandb cannot be opened, and the run goes on without it: SystemExit: not logged in"]
    assert other.told == [*range(50), "finished"]


def test_one_that_refuses_now_and_then_has_the_rest(tmp_path):
    sink = Recorder(refuses=(3, 4, 7))
    said = followed(tmp_path / "x", {"mlflow": lambda: sink}, 10, "failed")
    assert said == ["mlflow did not take what it was told, and the run goes on: OSError: no network"]
    assert sink.told == [0, 1, 2, 5, 6, 8, 9, "failed"]


def test_one_that_hangs_holds_nothing_up(tmp_path, monkeypatch):
    monkeypatch.setattr(trackers, "FINISH_WITHIN_S", 1.0)
    monkeypatch.setattr(feed, "MOST_WAITING", 100)
    never = threading.Event()
    hanging, other = Recorder(waits_for=never), Recorder()
    said = followed(tmp_path / "x", {"other": lambda: other, "hanging": lambda: hanging}, 90)
    never.set()
    assert said == ["hanging has not taken all it was told within 1 s; the run folder has it"]
    assert hanging.told in ([], [0])
    assert other.told == [*range(90), "finished"]


def test_what_no_tracker_has_room_for_is_left_out_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(feed, "MOST_WAITING", 10)
    go, sink, said = threading.Event(), Recorder(), []
    with RunFolder.create(tmp_path / "x", resume=False) as run:
        run.follow(Trackers(TrackerRun("grpo", run.path), {"slow": lambda: go.wait() and sink}, said.append))
        for step in range(30):
            run.log_metrics(row(step))
        go.set()
        run.unfollow("finished")
    assert sink.told == [*range(10), "finished"]
    assert said == ["slow lacks 20 entries; the run folder has them"]


def test_a_table_has_the_rows_of_a_step_and_not_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(trackers, "MOST_ROWS", 3)
    sink = Recorder()
    with RunFolder.create(tmp_path / "x", resume=False) as run:
        run.follow(Trackers(TrackerRun("grpo", run.path), {"one": lambda: sink}))
        for step, phase in [(0, "before")] * 5 + [(2, "train")] * 2 + [(4, "train")]:
            run.log_sample(sample(step, phase))
    assert sink.told == [("eval/completions", 0, 3), ("completions", 2, 2), ("completions", 4, 1), "failed"]


@pytest.mark.parametrize(("error", "ending"), [(None, "finished"), (SystemExit(130), "stopped"), (OSError(), "failed")])
def test_how_a_session_ended_is_told(tmp_path, monkeypatch, error, ending):
    sink = Recorder()
    monkeypatch.setattr(Trackers, "open", lambda chosen, run: Trackers(run, {"one": lambda: sink}))
    settings = validate(SftSettings, {"data": "x", "model": {"name": "embedded"}, "report_to": ["tensorboard"]})
    run = RunFolder.create(tmp_path / "x", resume=False)
    with run, pytest.raises(type(error)) if error else nullcontext(), tracked(run, settings, "sft"):
        run.write_result({"n": 1})
        if error:
            raise error
    assert sink.told == [0, "result.json", *(["report.html"] if error is None else []), ending]


def settings_of(report_to):
    return validate(SftSettings, {"data": "x", "model": {"name": "embedded"}, "report_to": report_to}).report_to


@pytest.mark.parametrize(
    ("given", "meant"),
    [([], []), (None, []), ("none", []), ("wandb", ["wandb"]), (["mlflow", "wandb", "mlflow"], ["mlflow", "wandb"])],
)
def test_report_to_is_read_as_people_write_it(given, meant):
    assert settings_of(given) == meant


def test_a_missing_package_and_an_unknown_tracker_are_said_at_the_start(monkeypatch):
    with pytest.raises(ProgramError, match=r"report_to.0: there is no `comet`; there are: wandb, trackio"):
        settings_of("comet")
    monkeypatch.setattr(trackers, "find_spec", lambda name: None if name == "trackio" else True)
    with pytest.raises(ProgramError, match=r"report_to: the package `trackio` is not installed; run: pip install "):
        settings_of(["tensorboard", "trackio"])
    monkeypatch.setattr(trackers, "find_spec", lambda name: name != "sqlalchemy" or None)
    with pytest.raises(ProgramError, match=r"`sqlalchemy` is not installed; run: pip install 'synthetic1\[track\]'"):
        settings_of(["mlflow"])
