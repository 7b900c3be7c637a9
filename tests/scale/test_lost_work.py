"""What the dispatcher makes of nodes that fail. The nodes are stubs, so each failure comes when it is called for."""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
from dataclasses import dataclass, field

import pytest
from scale_verifiers import ScaleInline, ScaleWaits, pairs_of, scores_of

from synthetic1 import Completion, Task, Verdict
from synthetic1.rewards.scoring.batch import Batch
from synthetic1.rewards.scoring.calls import VerifierQueue
from synthetic1.scale import dispatcher as dispatching
from synthetic1.scale import nodes as noding
from synthetic1.scale import suspects as suspecting
from synthetic1.scale.dispatcher import Dispatcher
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.node_scorer import NodeVersions
from synthetic1.scale.nodes import FoundNode
from synthetic1.scale.sent_verifier import NoSandboxHere, OtherVerifier, SentVerifier, dump_verdicts, load_pairs
from synthetic1.scale.settings import RaySection

pytestmark = pytest.mark.usefixtures("ray_installed")
WAIT_S = 20.0


def graded(pairs):
    return [Verdict.graded(float(c.answer == t.verification_info["ground_truth"])) for t, c in pairs]


class Method:
    """What ``actor.method.remote`` is."""

    def __init__(self, call):
        self.remote = call


@dataclass(eq=False)
class StubCluster:
    """Nodes, by id; ``verify(node_id, pairs)`` says what happens there: verdicts, or what is raised."""

    verify: object
    nodes: dict[str, FoundNode] = field(default_factory=dict)
    sent: list[tuple[str, list[str]]] = field(default_factory=list)
    """Node, and the pairs' problem ids."""
    silent: set[str] = field(default_factory=set)
    """Nodes whose actors say hello once, and nothing more."""
    greeted: list[str] = field(default_factory=list)

    def add(self, *names, cores=1, marked=False):
        for name in names:
            self.nodes[name] = FoundNode(name, name, cores, marked)

    def actor(self, node_id, cores):
        async def hello():
            if node_id in self.silent and node_id in self.greeted:
                await asyncio.sleep(WAIT_S)
            self.greeted.append(node_id)
            return NodeVersions.here()

        async def verify(data):
            pairs = load_pairs(data)
            self.sent.append((node_id, [task.problem_id for task, _ in pairs]))
            await asyncio.sleep(0.001)
            if node_id in self.silent:
                await asyncio.sleep(WAIT_S)
            found = self.verify(node_id, pairs)
            return dump_verdicts(await found if asyncio.iscoroutine(found) else found)

        class Actor:
            pass

        made = Actor()
        made.hello, made.verify = Method(hello), Method(lambda verifier, data, count: verify(data))
        made.close = Method(lambda: asyncio.sleep(0))
        return made

    def nodes_of(self, problem_id):
        """Where a pair was verified alone."""
        return [node for node, ids in self.sent if ids == [problem_id]]


@pytest.fixture
def cluster(monkeypatch):
    made = StubCluster(lambda node_id, pairs: graded(pairs))
    monkeypatch.setattr(noding, "found_nodes", lambda cores=None: list(made.nodes.values()))
    monkeypatch.setattr(noding, "_new_actor", made.actor)
    for module in (noding, dispatching):
        monkeypatch.setattr(module, "result_of", lambda ref: ref)
        monkeypatch.setattr(module, "LOOK_EVERY_S", 0.04)
    monkeypatch.setattr(dispatching, "SAY_AFTER_S", 0.1)
    monkeypatch.setattr(suspecting, "BACK_OFF_S", 0.02)
    return made


def died(*_):
    from ray.exceptions import ActorDiedError

    raise ActorDiedError


def out_of_memory():
    from ray.exceptions import OutOfMemoryError

    raise OutOfMemoryError("Task was killed due to the node running low on memory")


def run(pairs, verifier=None, on_verdict=None, during=None, ready=0, **settings):
    """The verdicts of ``pairs``, and the dispatcher. ``during`` is a coroutine function that gets the dispatcher."""
    verifier = verifier or ScaleWaits()

    async def work():
        made = Dispatcher(RaySection(**settings))
        batch = Batch(len(pairs), on_verdict)
        batch.plan(pairs, lambda name: VerifierQueue(name, verifier, 4, 5.0))
        made.nodes.watch()
        while len(made.nodes.ready) < ready:
            await asyncio.sleep(0.01)
        sent = SentVerifier.of(verifier.task_type, verifier, None, None)
        tasks = [asyncio.create_task(made.verify(batch, [(sent, one) for one in batch.waiting + batch.inline]))]
        if during is not None:
            tasks.append(asyncio.create_task(during(made)))
        try:
            await asyncio.wait_for(asyncio.gather(*tasks), WAIT_S)
        finally:
            await made.aclose(0.1)
        return batch.verdicts, made

    return asyncio.run(work())


def scores(verdicts):
    return [one.score for one in verdicts]


# Nodes and pairs that are to blame -----------------------------------------------------------------------------------


def test_a_node_on_which_all_die_makes_no_pair_look_guilty(cluster, caplog):
    cluster.add("bad", "good")
    cluster.verify = lambda node_id, pairs: died() if node_id == "bad" else graded(pairs)
    verdicts, made = run(pairs_of("scale_waits", 30), ready=2)
    assert scores(verdicts) == scores_of(30)
    assert made.nodes.left_out.keys() <= {"bad"}
    assert not [one for one in caplog.records if "not scored" in one.message]


def test_such_a_node_is_left_out_in_one_line(cluster, caplog):
    cluster.add("bad", "good")

    async def verify(pairs):
        await asyncio.sleep(0.02)
        return graded(pairs)

    cluster.verify = lambda node_id, pairs: died() if node_id == "bad" else verify(pairs)
    verdicts, made = run(pairs_of("scale_waits", 400), ready=2)
    assert scores(verdicts) == scores_of(400)
    assert list(made.nodes.left_out) == ["bad"]
    assert len([ids for node, ids in cluster.sent if node == "good"]) <= 401  # no more than once each
    assert ["process died 5 times in a row" in one.message for one in caplog.records] == [True]


def test_a_guilty_pair_is_tried_on_as_many_nodes_as_there_are(cluster):
    cluster.add("a", "b", "c", "d")
    cluster.verify = lambda node_id, pairs: died() if "poison" in [c.answer for _, c in pairs] else graded(pairs)
    verdicts, _ = run(pairs_of("scale_waits", 40, poison=7), ready=4)
    assert scores(verdicts) == scores_of(40, poison=7)
    assert "ended its process 3 times, alone in it" in verdicts[7].details["why"]
    alone = cluster.nodes_of("7")
    assert len(set(alone[-3:])) == 3


def test_on_the_only_node_where_all_die_the_run_ends(cluster):
    cluster.add("bad")
    cluster.verify = died
    with pytest.raises(ClusterError, match="node bad: its process died 20 times in a row, each under other pairs"):
        run(pairs_of("scale_inline", 60), ScaleInline(), ready=1)


def test_a_pair_that_uses_up_memory_is_found_out(cluster):
    cluster.add("a", "b")
    cluster.verify = lambda _, pairs: out_of_memory() if "poison" in [c.answer for _, c in pairs] else graded(pairs)
    verdicts, _ = run(pairs_of("scale_waits", 20, poison=3), ready=2)
    assert scores(verdicts) == scores_of(20, poison=3)
    assert verdicts[3].reason == "unscorable_infra"
    assert "its node ran out of memory 3 times" in verdicts[3].details["why"]


def test_a_pair_that_takes_nodes_down_is_found_out(cluster):
    from ray.exceptions import ActorUnavailableError

    cluster.add("a", "b")

    def verify(node_id, pairs):
        if "poison" in [c.answer for _, c in pairs]:
            raise ActorUnavailableError("gone", None)
        return graded(pairs)

    cluster.verify = verify
    verdicts, _ = run(pairs_of("scale_waits", 20, poison=3), ready=2)
    assert scores(verdicts) == scores_of(20, poison=3)
    assert "was on a node that was lost 3 times, alone in it" in verdicts[3].details["why"]


# Nodes that are there, or not ----------------------------------------------------------------------------------------


def test_a_node_that_was_left_out_does_not_end_a_run_whose_other_node_comes_back(cluster):
    cluster.add("out", "good")
    falls = threading.Event()

    def verify(node_id, pairs):
        if falls.is_set():
            return graded(pairs)
        falls.set()
        del cluster.nodes["good"]
        return died()

    cluster.verify = verify
    with pytest.raises(ClusterError, match="node out: as a test"):  # the only one that is listed
        run(pairs_of("scale_waits", 10), during=lambda made: left_out(made, cluster, stay=True), wait_s=5)
    falls.clear()
    cluster.nodes.clear()
    cluster.add("good")
    verdicts, made = run(pairs_of("scale_waits", 10), during=lambda made: left_out(made, cluster), wait_s=5)
    assert scores(verdicts) == scores_of(10)
    assert made.nodes.left_out == {}


async def left_out(made, cluster, stay=False):
    """A node is left out, and gone unless ``stay``; the other one goes, and comes back after a while."""
    cluster.add("out")
    made.nodes._leave_out(cluster.nodes["out"], "as a test")
    if not stay:
        del cluster.nodes["out"]
    while "good" in cluster.nodes:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.4)
    cluster.add("good")


def test_the_resource_stays_required_and_what_others_are_at_is_not_taken_from_them(cluster):
    cluster.add("plain")

    async def verify(pairs):
        await asyncio.sleep(0.15)
        return graded(pairs)

    cluster.verify = lambda node_id, pairs: verify(pairs)

    async def during(made):
        while not cluster.sent:
            await asyncio.sleep(0.01)
        cluster.add("marked", marked=True)
        while not made.nodes.ready.get("marked"):
            await asyncio.sleep(0.01)
        before = len(cluster.sent)
        await asyncio.sleep(0.3)
        assert {node for node, _ in cluster.sent[before:]} == {"marked"}
        del cluster.nodes["marked"]
        await asyncio.sleep(0.3)
        before = len(cluster.sent)
        await asyncio.sleep(0.2)
        assert len(cluster.sent) == before
        cluster.add("marked", marked=True)

    verdicts, made = run(pairs_of("scale_waits", 300), during=during)
    assert scores(verdicts) == scores_of(300)
    assert made.sent_again <= made.nodes.listed["marked"].cores * 64  # those of `marked` alone


def test_an_actor_that_gives_no_sign_of_life_is_given_up(cluster, monkeypatch):
    monkeypatch.setattr(noding, "BEAT_EVERY_S", 0.05)
    monkeypatch.setattr(noding, "BEAT_S", 0.1)
    cluster.add("silent", "good")
    cluster.silent.add("silent")
    verdicts, made = run(pairs_of("scale_waits", 20), ready=2)
    assert scores(verdicts) == scores_of(20)
    assert made.sent_again > 0


# Sandboxes -----------------------------------------------------------------------------------------------------------


def no_sandbox():
    raise NoSandboxHere("bubblewrap: not here")


def test_a_node_without_a_sandbox_loses_no_pair(cluster, caplog):
    cluster.add("without", "with")
    cluster.verify = lambda node_id, pairs: no_sandbox() if node_id == "without" else graded(pairs)
    verdicts, _ = run(pairs_of("scale_waits", 200), ready=2)
    assert scores(verdicts) == scores_of(200)
    said = [one.message for one in caplog.records]
    assert said == ["node without verifies no `scale_waits`: no sandbox works there (bubblewrap: not here)"]


def test_where_no_node_has_a_sandbox_it_says_so(cluster):
    cluster.add("a", "b")
    cluster.verify = lambda node_id, pairs: no_sandbox()
    with pytest.raises(ClusterError, match=r"no node of the Ray cluster has a sandbox.*node a: bubblewrap.*node b"):
        run(pairs_of("scale_waits", 10), ready=2)


def test_a_pair_that_gets_no_sandbox_where_others_do_is_not_scored(cluster):
    cluster.add("a")
    cluster.verify = lambda _, pairs: no_sandbox() if "poison" in [c.answer for _, c in pairs] else graded(pairs)
    verdicts, _ = run(pairs_of("scale_waits", 60, poison=30), ready=1)
    assert scores(verdicts) == scores_of(60, poison=30)
    assert verdicts[30].details["why"] == "SandboxUnavailable: bubblewrap: not here"


# What nodes raise, what cannot travel, what callers do ---------------------------------------------------------------


def test_an_error_on_a_node_is_no_end_and_no_advice(cluster):
    cluster.add("a", "b")
    failed = []

    def verify(node_id, pairs):
        if not failed:
            failed.append(node_id)
            raise LookupError("of a node")
        return graded(pairs)

    cluster.verify = verify
    verdicts, made = run(pairs_of("scale_waits", 20), ready=2)
    assert scores(verdicts) == scores_of(20)
    assert made.sent_again > 0


def test_other_code_is_the_end(cluster):
    cluster.add("a")

    def verify(node_id, pairs):
        raise OtherVerifier("the verifier of `scale_waits` is of another version")

    cluster.verify = verify
    with pytest.raises(ClusterError, match=r"node a: the verifier of `scale_waits` is of another version; install"):
        run(pairs_of("scale_waits", 20), ready=1)


def test_a_verdict_that_cannot_be_pickled_is_alone_in_that(cluster):
    cluster.add("a")

    def verify(node_id, pairs):
        return [Verdict.graded(1.0, odd=threading.Lock()) if t.problem_id == "3" else v for (t, _), v in both(pairs)]

    cluster.verify = verify
    verdicts, _ = run(pairs_of("scale_inline", 20), ScaleInline(), ready=1)
    assert [n for n, one in enumerate(verdicts) if one.score is None] == [3]
    assert verdicts[3].reason == "unscorable_infra"
    assert "cannot be pickled" in verdicts[3].details["why"]


def both(pairs):
    return zip(pairs, graded(pairs), strict=True)


@pytest.mark.parametrize("verifier", [ScaleWaits(), ScaleInline()])
def test_a_task_that_cannot_be_pickled_is_verified_here(cluster, verifier):
    cluster.add("a")
    pairs = pairs_of(verifier.task_type, 20)
    info = {"ground_truth": "4", "lock": threading.Lock()}
    odd = Task(problem_id="odd", task_type=verifier.task_type, prompt="p", verification_info=info)
    pairs[4] = (odd, Completion.parse("4"))
    verdicts, _ = run(pairs, verifier, ready=1)
    assert scores(verdicts) == scores_of(20)
    assert verdicts[4].details["pid"] == os.getpid()
    assert "odd" not in [one for _, ids in cluster.sent for one in ids]


@pytest.mark.parametrize("error", [StopIteration, ZeroDivisionError])
def test_what_a_callback_raises_ends_its_batch(cluster, error):
    cluster.add("a")

    def refuse(index, verdict):
        raise error

    with pytest.raises(RuntimeError if error is StopIteration else error):
        run(pairs_of("scale_waits", 20), on_verdict=refuse, ready=1)


def test_too_few_verdicts_are_an_error(cluster):
    cluster.add("a")
    cluster.verify = lambda node_id, pairs: []
    with pytest.raises(RuntimeError, match="0 verdicts of 1 pairs"):
        run(pairs_of("scale_waits", 3), ready=1)


def test_errors_for_a_person_survive_the_way():
    for kind in (OtherVerifier, NoSandboxHere):
        assert type(pickle.loads(pickle.dumps(kind("why")))) is kind


def test_a_pair_that_goes_back_is_not_sent_where_it_died(cluster):
    cluster.add("a", "b", "c")
    seen = []

    def verify(node_id, pairs):
        if [t.problem_id for t, _ in pairs] == ["0"] and len(seen) < 2:
            seen.append(node_id)
            died()
        return graded(pairs)

    cluster.verify = verify
    verdicts, _ = run(pairs_of("scale_waits", 1), ready=3)
    assert scores(verdicts) == scores_of(1)
    assert len(set(cluster.nodes_of("0"))) == 3


def test_what_cannot_be_handed_in_leaves_nothing_in_the_queue(cluster, monkeypatch):
    cluster.add("a")

    def refuse(*_):
        raise ZeroDivisionError

    async def work():
        made = Dispatcher(RaySection())
        batch = Batch(3, None)
        verifier = ScaleWaits()
        batch.plan(pairs_of("scale_waits", 3), lambda name: VerifierQueue(name, verifier, 4, 5.0))
        monkeypatch.setattr(made.nodes, "watch", refuse)
        with pytest.raises(ZeroDivisionError):
            await made.verify(batch, [(SentVerifier.of("scale_waits", verifier, None, None), batch.waiting[0])])
        assert not made._waiting
        await made.aclose(0.1)

    asyncio.run(work())
