"""Parts of verification on Ray that need no cluster: the connection, the verifying process, what is pickled."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import threading

import pytest
from scale_verifiers import ScaleInline, ScaleWaits, pairs_of

from synthetic1 import Verdict
from synthetic1.rewards.scoring.scorer import ScorerClosed
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.scale import connection, losses, ray_scorer
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.inline_worker import InlineWorkers, WorkerDied
from synthetic1.scale.losses import Loss, loss_of
from synthetic1.scale.ray_scorer import RayScorer
from synthetic1.scale.sent_verifier import (
    LoadedVerifiers,
    NoSandboxHere,
    OtherVerifier,
    SentVerifier,
    UnreadablePairs,
    dump_pairs,
    dump_verdicts,
    load_verdicts,
)
from synthetic1.scale.settings import RaySection

pytestmark = pytest.mark.usefixtures("ray_installed")


def sent(verifier, deadline_s=None):
    return SentVerifier.of(verifier.task_type, verifier, None, deadline_s)


# The connection ------------------------------------------------------------------------------------------------------


def said_in_a_fork(work):
    """What ``work`` raises in a forked child."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    pid = os.fork()
    if not pid:
        try:
            work()
            sender.send("nothing")
        except BaseException as error:
            sender.send(f"{type(error).__name__}: {error}")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return receiver.recv()


def test_a_forked_process_cannot_use_its_parents_connection(monkeypatch):
    monkeypatch.setattr(connection, "_open", lambda settings: False)
    monkeypatch.setattr(ray_scorer, "Dispatcher", lambda *_: None)
    far = RayScorer(ray=RaySection())
    far._process()
    try:
        for work in (lambda: far.score_sync([]), lambda: RayScorer(ray=RaySection()).score_sync([])):
            line = said_in_a_fork(work)
            assert line.startswith("ClusterError: engine=ray: this process was forked from one that is connected")
            assert "\n" not in line
    finally:
        far._at = None
        far.close()
        connection.disconnect()


def test_what_ray_says_of_a_token_is_one_line(monkeypatch):
    import ray

    def refuse(**_):
        raise ray.exceptions.AuthenticationError("no token was found")

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(ClusterError, match=r"there is no Ray cluster to be reached \(.*RAY_AUTH_MODE=token here"):
        connection._open(RaySection(address="local"))


def test_closing_while_it_scores_does_not_connect_again(monkeypatch):
    connected = []
    monkeypatch.setattr(ray_scorer, "connect", connected.append)
    far = RayScorer(ray=RaySection())
    process = far._local()
    far.close()
    with pytest.raises(ScorerClosed):
        far._dispatcher(process)
    assert connected == []


def test_a_thread_that_was_given_up_does_not_end_its_successors_actors(monkeypatch):
    monkeypatch.setattr(ray_scorer, "connect", lambda settings: None)
    monkeypatch.setattr(ray_scorer, "disconnect", lambda: None)
    far = RayScorer(ray=RaySection())
    old = far._process()
    before = far._dispatcher(old)
    before.sent_again = 7
    before.nodes._marked_only = True
    far._processes.clear()
    new = far._process()
    after = far._dispatcher(new)
    assert after is not before
    assert (after.sent_again, after.nodes._marked_only, before.nodes.closed) == (7, True, True)
    with pytest.raises(asyncio.CancelledError):
        far._dispatcher(old)
    assert far._dispatcher(new) is after
    assert not after.nodes.closed
    far._at = None
    far.close()


def test_without_a_connection_ray_starts_no_cluster_of_its_own(monkeypatch):
    import ray

    from synthetic1.scale import nodes

    begun = []
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda *args, **settings: begun.append(settings))
    made = nodes.Nodes(RaySection(), 1, lambda: None, lambda actor, error: None)
    made._kill(object())
    for call in (nodes.found_nodes, lambda: nodes._new_actor("00", 1)):
        with pytest.raises(ConnectionError):
            call()
    assert begun == []


def test_what_was_lost():
    from ray.exceptions import ActorDiedError, ActorUnavailableError, OutOfMemoryError

    died = ActorDiedError()
    died.error_msg = "The actor is dead because its node has died."
    killed = ActorDiedError()
    killed.error_msg = "The actor was killed due to the node running low on memory."
    assert loss_of(ActorDiedError()) is Loss.PROCESS
    assert loss_of(LookupError()) is Loss.PROCESS
    assert loss_of(losses.ActorStalled()) is Loss.PROCESS
    assert loss_of(killed) is loss_of(OutOfMemoryError("")) is Loss.MEMORY
    assert loss_of(None) is loss_of(died) is loss_of(ActorUnavailableError("", None)) is Loss.NODE


# What travels --------------------------------------------------------------------------------------------------------


class OnlyThere:
    """Pickles, and cannot be loaded."""

    def __reduce__(self):
        return _refuse, ()


def _refuse():
    raise LookupError("not here")


def test_verdicts_are_pickled_each_for_itself():
    good = Verdict.graded(1.0)
    verdicts = [good, Verdict.graded(1.0, odd=threading.Lock()), Verdict.graded(1.0, odd=OnlyThere()), good]
    back = load_verdicts(dump_verdicts(verdicts))
    assert [one.reason for one in back] == [good.reason, "unscorable_infra", "unscorable_infra", good.reason]
    assert "cannot be pickled" in back[1].details["why"]
    assert "cannot be loaded (LookupError: not here)" in back[2].details["why"]


def test_a_verifier_that_finds_no_sandbox_is_said_and_gives_no_verdict(monkeypatch):
    async def refuse(self, task, completion):
        raise SandboxUnavailable("bubblewrap: not here")

    monkeypatch.setattr(ScaleWaits, "verify", refuse)
    loaded = LoadedVerifiers(1)
    try:
        with pytest.raises(NoSandboxHere, match=r"^bubblewrap: not here$"):
            asyncio.run(loaded.verify(sent(ScaleWaits()).data, dump_pairs(pairs_of("scale_waits", 1))))
    finally:
        loaded.close()


def test_verifying_processes_keep_the_kind_of_an_error_and_end_when_they_say_nothing():
    async def work():
        workers = InlineWorkers(1)
        verifier, pairs = sent(ScaleInline()), dump_pairs(pairs_of("scale_inline", 3))
        try:
            assert len(load_verdicts(await workers.verify(verifier.data, pairs, 60))) == 3
            with pytest.raises(OtherVerifier, match="a verifier cannot be loaded"):
                await workers.verify(b"nonsense", pairs, 60)
            with pytest.raises(UnreadablePairs, match="LookupError: not here"):
                await workers.verify(verifier.data, pickle.dumps(OnlyThere()), 60)
            with pytest.raises(RuntimeError, match="TypeError: pair 0 must be") as told:
                await workers.verify(verifier.data, pickle.dumps(["nonsense"]), 60)
            assert type(told.value) is RuntimeError
            (process,) = workers._idle
            process.send_signal(19)  # SIGSTOP: it says nothing any more
            with pytest.raises(WorkerDied, match=r"said nothing for 0\.2 s, and was ended"):
                await workers.verify(verifier.data, pairs, 0.2)
            assert await process.wait() == -9
        finally:
            workers.kill()

    asyncio.run(work())


def test_the_deadline_of_a_pair_travels():
    assert sent(ScaleWaits()).deadline_s == 120
    assert sent(ScaleWaits(), deadline_s=3).deadline_s == 3
