"""Verification on the nodes of a real Ray cluster: the same verdicts as here, whatever happens to nodes."""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
import types
from dataclasses import replace
from pathlib import Path

import pytest
from scale_verifiers import ScaleInline, ScaleWaits, pairs_of, scores_of

from synthetic1 import Completion, Scorer, Task, Verdict
from synthetic1.rewards.scoring.scorer import ScorerClosed
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.settings import RaySection
from synthetic1.tasks.sources.spec import open_tasks

SUPPORT = Path(__file__).resolve().parents[1] / "support"


def actors_of(scorer):
    return list(scorer._at[2].nodes.ready.values())


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return found


def mixed_pairs():
    """Right and wrong answers of both inline families, twice the same, no answer, and a type that nobody verifies."""
    pairs = []
    with Scorer() as local:
        for name in ("math", "code_understanding"):
            source = open_tasks(f"embedded:{name}")
            for task in (source[i] for i in range(0, len(source), 3)):
                gold = local.verifier(task.task_type).gold_completion(task)
                pairs += [(task, gold), (task, Completion.parse("\\boxed{no}")), (task, "<think>open"), (task, gold)]
    unknown = Task(problem_id="u", task_type="nobody_verifies_this", prompt="p", verification_info={})
    return [*pairs, (unknown, "x")]


# The same verdicts ---------------------------------------------------------------------------------------------------


def test_verdicts_are_those_of_a_local_scorer(scorer):
    pairs = mixed_pairs()
    with Scorer() as local:
        expected = local.score_sync(pairs)
        counted = local.metrics
    far, seen = scorer(), {}
    assert far.score_sync(pairs, on_verdict=seen.__setitem__) == expected
    assert [seen[i] for i in range(len(pairs))] == expected
    assert asyncio.run(far.score(pairs)) == expected
    both = far.metrics
    assert both.reasons == {reason: 2 * count for reason, count in counted.reasons.items()}
    assert (both.deduped, both.no_answer, both.verified) == tuple(
        2 * n for n in (counted.deduped, counted.no_answer, counted.verified)
    )


def test_several_batches_share_the_nodes_and_verdicts_stream(scorer):
    far, came = scorer(), []

    async def both():
        pairs = pairs_of("scale_waits", 90)
        return await asyncio.gather(far.score(pairs, on_verdict=lambda i, v: came.append(i)), far.score(pairs[:30]))

    first, second = asyncio.run(both())
    assert [v.score for v in first] == scores_of(90)
    assert [v.score for v in second] == scores_of(30)
    assert sorted(came) == list(range(90))
    assert os.getpid() not in {v.details["pid"] for v in first}


def test_what_the_caller_does_wrong_is_said_as_by_a_local_scorer(scorer):
    far = scorer()
    with pytest.raises(TypeError, match="pair 0 must be"):
        far.score_sync(["nonsense"])

    def refuse(index, verdict):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        far.score_sync(pairs_of("scale_waits", 9), on_verdict=refuse)
    assert [v.score for v in far.score_sync(pairs_of("scale_waits", 9))] == scores_of(9)


def test_it_pickles_and_is_closed_for_good(scorer, raylets):
    far = scorer({"scale_waits": ScaleWaits(seconds=0.01)}, deadline_s=30)
    copy = pickle.loads(pickle.dumps(far))
    with copy:
        assert [v.score for v in copy.score_sync(pairs_of("scale_waits", 6))] == scores_of(6)
    with pytest.raises(ScorerClosed):
        copy.score_sync(pairs_of("scale_waits", 6))


def test_a_node_without_the_verifier_is_one_line(scorer, monkeypatch):
    module = types.ModuleType("only_on_this_machine")
    monkeypatch.setitem(sys.modules, "only_on_this_machine", module)
    exec(
        "from dataclasses import dataclass\nimport scale_verifiers\n"
        "@dataclass(frozen=True)\nclass Own(scale_verifiers.ScaleWaits):\n    pass\n",
        module.__dict__,
    )
    with pytest.raises(ClusterError, match=r"No module named 'only_on_this_machine'.*install there") as told:
        scorer({"scale_waits": module.Own()}).score_sync(pairs_of("scale_waits", 3))
    assert "\n" not in str(told.value)


# What is outstanding -------------------------------------------------------------------------------------------------


def test_no_more_is_outstanding_than_a_node_can_take(scorer):
    far = scorer({"scale_waits": ScaleWaits(seconds=0.002)})
    pairs = pairs_of("scale_waits", 1000)
    assert [v.score for v in far.score_sync(pairs)] == scores_of(1000)
    for actor in actors_of(far):
        assert 0 < actor.most_pairs <= actor.bound == 64 * actor.node.cores
        assert (actor.pairs, actor.cost) == (0, 0.0)


def test_of_costly_pairs_few_are_outstanding(scorer):
    far = scorer({"scale_waits": ScaleWaits(seconds=0.01)})
    pairs = pairs_of("scale_waits", 30)
    info = {"test_cases": [{"input": "", "output": ""}] * 20, "time_limit_s": 2}  # costs 40
    costly = [(replace(t, verification_info={**t.verification_info, **info}), c) for t, c in pairs]
    assert [v.score for v in far.score_sync(costly)] == scores_of(30)
    assert {actor.most_pairs for actor in actors_of(far)} <= {1, 2}


# What is lost --------------------------------------------------------------------------------------------------------


def survives_a_death(scorer, raylets, after):
    """One of two nodes dies when so many verdicts have come."""
    dying = raylets.add()
    far, count, came = scorer({"scale_waits": ScaleWaits(seconds=0.1)}, concurrency=8), 300, []
    far.connect()
    wait_for(lambda: len(actors_of(far)) == 2)
    due = threading.Event()

    def on_verdict(index, verdict):
        came.append(index)
        if len(came) == after:
            due.set()

    killer = threading.Thread(target=lambda: due.wait(60) and raylets.kill(dying))
    killer.start()
    verdicts = far.score_sync(pairs_of("scale_waits", count), on_verdict=on_verdict)
    killer.join()
    assert [v.score for v in verdicts] == scores_of(count)
    assert sorted(came) == list(range(count))
    return far


def test_a_node_that_dies_costs_no_verdict(scorer, raylets):
    assert survives_a_death(scorer, raylets, after=20).sent_again > 0


@pytest.mark.proofs
@pytest.mark.parametrize("seed", range(20))
def test_a_node_may_die_at_any_moment(scorer, raylets, seed):
    survives_a_death(scorer, raylets, after=random.Random(seed).randrange(1, 280))


def test_a_node_that_joins_gets_work(scorer, raylets):
    far, verdicts, begun = scorer({"scale_waits": ScaleWaits(seconds=0.2)}, concurrency=4), [], threading.Event()
    far.connect()
    wait_for(lambda: len(actors_of(far)) == 1)
    pairs = pairs_of("scale_waits", 200)
    scoring = threading.Thread(
        target=lambda: verdicts.extend(far.score_sync(pairs, on_verdict=lambda i, v: begun.set()))
    )
    scoring.start()
    assert begun.wait(60)
    joined = raylets.add()  # Ray wants the main thread
    try:
        wait_for(lambda: len(actors_of(far)) == 2)
        more = far.score_sync(pairs_of("scale_waits", 40))  # on a busy machine the first ones may be over by now
        scoring.join()
        assert [v.score for v in verdicts] == scores_of(200)
        assert len({v.details["pid"] for v in (*verdicts, *more)}) == 2
    finally:
        raylets.remove(joined)


@pytest.mark.parametrize(("verifier", "cores"), [(ScaleWaits(), None), (ScaleInline(), None), (ScaleInline(), 2)])
def test_a_pair_that_ends_its_process_is_not_scored_and_all_others_are(scorer, verifier, cores):
    far = scorer({verifier.task_type: verifier}, ray={"cores": cores})
    verdicts = far.score_sync(pairs_of(verifier.task_type, 40, poison=17))
    assert [v.score for v in verdicts] == scores_of(40, poison=17)
    assert verdicts[17].reason == "unscorable_infra"
    assert "ended its process 3 times, alone in it" in verdicts[17].details["why"]
    assert [v.score for v in far.score_sync(pairs_of(verifier.task_type, 12))] == scores_of(12)


def test_without_any_node_it_waits_and_then_says_so(scorer, monkeypatch, caplog):
    from synthetic1.scale import dispatcher, nodes

    monkeypatch.setattr(nodes, "found_nodes", lambda cores=None: [])
    monkeypatch.setattr(dispatcher, "SAY_AFTER_S", 0.2)
    far = scorer(ray={"wait_s": 0.6})
    with pytest.raises(ClusterError, match=r"could verify for 0\.6 s \(ray\.wait_s\); start one with"):
        far.score_sync(pairs_of("scale_waits", 3))
    assert ["waiting up to 0.6 s" in one.message for one in caplog.records] == [True]


def test_nodes_with_a_sandbox_are_preferred(scorer, raylets):
    marked = raylets.add(sandbox=1)
    try:
        far = scorer()
        far.connect()
        wait_for(lambda: actors_of(far))
        assert [actor.node.node_id for actor in actors_of(far)] == [marked.node_id]
    finally:
        raylets.remove(marked)


# The end -------------------------------------------------------------------------------------------------------------


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_closing_leaves_no_actor(scorer):
    far = scorer({"scale_inline": ScaleInline()}, ray={"cores": 2})
    pids = {v.details["pid"] for v in far.score_sync(pairs_of("scale_inline", 60))}
    waits = scorer({"scale_waits": ScaleWaits()})
    pids |= {v.details["pid"] for v in waits.score_sync(pairs_of("scale_waits", 6))}
    assert all(map(is_alive, pids))
    far.close()
    waits.close()
    wait_for(lambda: not any(map(is_alive, pids)))


def test_closing_ends_what_is_under_way(scorer):
    far, told = scorer({"scale_waits": ScaleWaits(seconds=60)}), []

    def score():
        try:
            far.score_sync(pairs_of("scale_waits", 5))
        except BaseException as error:
            told.append(error)

    thread = threading.Thread(target=score)
    thread.start()
    wait_for(lambda: far._at is not None and any(actor.pairs for actor in actors_of(far)))
    far.close()
    thread.join(20)
    assert [type(one) for one in told] == [ScorerClosed]


def test_what_is_cancelled_leaves_the_nodes_free(scorer):
    far = scorer({"scale_waits": ScaleWaits(seconds=60)})

    async def give_up():
        await asyncio.wait_for(far.score(pairs_of("scale_waits", 200)), 3)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    wait_for(lambda: [actor.pairs for actor in actors_of(far)] == [0])


STOPPED = """
import sys, faulthandler, signal
faulthandler.register(signal.SIGUSR1)
from scale_verifiers import ScaleWaits, pairs_of
from synthetic1.scale.ray_scorer import RayScorer
from synthetic1.scale.settings import RaySection
with RayScorer({"scale_waits": ScaleWaits(seconds=0.5)}, concurrency=2, ray=RaySection(address="local")) as scorer:
    scorer.score_sync(pairs_of("scale_waits", 400), on_verdict=lambda i, v: print(v.details["pid"], flush=True))
"""


def test_ctrl_c_leaves_nothing_of_a_cluster_of_this_machine_alone(ray_installed):
    env = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    program = subprocess.Popen(
        [sys.executable, "-c", STOPPED], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    actor = int(program.stdout.readline())
    assert of_session(program.pid)
    program.send_signal(signal.SIGINT)
    try:
        _, said = program.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        program.send_signal(signal.SIGUSR1)  # where it stands
        time.sleep(1)
        program.kill()
        pytest.fail(f"it goes on after Ctrl-C: {program.stderr.read()}")
    assert program.returncode != 0
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert "raylet" not in said
    wait_for(lambda: not is_alive(actor) and not of_session(program.pid))


def of_session(pid):
    """Ray's processes of the cluster that a process has started: its session is named for it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if b"session_" in command and f"_{pid}".encode() in command and entry.parent.name != str(pid):
            found.append(command)
    return found


@pytest.mark.parametrize("count", [1, 5])
def test_a_few_inline_pairs_stay_here(scorer, count):
    far = scorer({"scale_inline": ScaleInline()})
    here = {v.details["pid"] == os.getpid() for v in far.score_sync(pairs_of("scale_inline", count))}
    assert here == {count == 1}


def test_a_verifier_of_ones_own_travels_in_a_runtime_environment(scorer, tmp_path, monkeypatch):
    (tmp_path / "brought_along.py").write_text(
        "from dataclasses import dataclass\nimport scale_verifiers\n"
        "@dataclass(frozen=True)\nclass Own(scale_verifiers.ScaleWaits):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import brought_along

    far = scorer({"scale_waits": brought_along.Own()}, ray={"runtime_env": {"working_dir": str(tmp_path)}})
    verdicts = far.score_sync(pairs_of("scale_waits", 6))
    assert [v.score for v in verdicts] == scores_of(6)
    assert all(type(one) is Verdict for one in verdicts)


def test_a_cluster_that_is_not_there_is_one_line(ray_installed):
    program = (
        "from synthetic1.scale.choice import chosen_scorer\nfrom synthetic1.scale.settings import RaySection\n"
        "from synthetic1 import Scorer\nchosen_scorer(Scorer(), RaySection())"
    )
    env = {**os.environ, "RAY_ADDRESS": "127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    last = done.stderr.rstrip().splitlines()[-1]
    assert "ClusterError: ray.address=127.0.0.1:9: there is no Ray cluster to be reached" in last
    assert "start one with `ray start --head`" in last


def test_without_ray_it_says_what_to_install(monkeypatch):
    from synthetic1.scale.choice import chosen_scorer

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"^engine=ray: the package `ray` is not installed; run: pip install 'synth"):
        chosen_scorer(Scorer(), RaySection())


def test_a_cluster_of_its_own_is_for_one_process():
    from synthetic1.scale.choice import chosen_scorer

    with pytest.raises(ClusterError, match="for one process, and there are 2"):
        chosen_scorer(Scorer(), RaySection(address="local"), sharers=2)
