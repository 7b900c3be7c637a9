"""The scorer: order, limits, deadlines, failures, and every place it may be called from."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import multiprocessing
import os
import pickle
import random
import re
import signal
import sys
import threading
import time
import weakref
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale_verifiers import ScaleWaits, pairs_of

from synthetic1 import Completion, Scorer, Task, Verdict, Verifier
from synthetic1.rewards.scoring.scorer import ScorerClosed

CALLS: Counter[str] = Counter()
RUNNING: Counter[str] = Counter()
PEAK: Counter[str] = Counter()
CLOSED: Counter[str] = Counter()
HOLD = threading.Event()


@pytest.fixture(autouse=True)
def _fresh_counters(monkeypatch):
    # New objects, not emptied ones: a verification that a test before left behind still counts itself out, of its own.
    for name in ("CALLS", "RUNNING", "PEAK", "CLOSED"):
        monkeypatch.setattr(sys.modules[__name__], name, Counter())
    HOLD.clear()
    yield
    HOLD.set()


class Told(Exception):
    pass


class Mute(Exception):
    def __str__(self):
        raise ValueError("no words")


async def obey(text):
    """Do what the completion says: the tests script their verifiers through it."""
    verb, _, rest = text.partition(" ")
    match verb:
        case "score":
            return Verdict.graded(float(rest))
        case "sleep" if rest == "until let go":
            async with asyncio.timeout(60):
                while not HOLD.is_set():
                    await asyncio.sleep(0.001)
            return Verdict.graded(1.0)
        case "sleep":
            await asyncio.sleep(float(rest))
            return Verdict.graded(1.0)
        case "meet":  # returns once as many of a kind have been at work at the same time
            kind, _, count = rest.rpartition(" ")
            async with asyncio.timeout(30):
                while PEAK[kind] < int(count):
                    await asyncio.sleep(0.001)
            return Verdict.graded(1.0)
        case "raise":
            raise Told(rest)
        case "mute":
            raise Mute
        case "leave":
            raise GeneratorExit
        case "interrupt":
            raise KeyboardInterrupt
        case "cancel":
            raise asyncio.CancelledError
        case "stubborn":  # swallows its first cancellation
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(float(rest))
            await asyncio.sleep(float(rest))
            return Verdict.graded(1.0)
        case "hold":  # holds the loop itself until somebody lets go
            HOLD.wait(60)
            return Verdict.graded(1.0)
        case "return":
            return json.loads(rest)
    raise AssertionError(verb)


@dataclass(frozen=True)
class Waiting(Verifier):
    version: ClassVar[int] = 1

    async def verify(self, task, completion):
        name, running = task.task_type, RUNNING
        CALLS[name] += 1
        running[name] += 1
        PEAK[name] = max(PEAK[name], running[name])
        try:
            return await obey(completion.answer)
        finally:
            running[name] -= 1

    async def aclose(self):
        CLOSED["waiting"] += 1


@dataclass(frozen=True)
class Hasty(Waiting):
    """With a deadline of its own: a scorer's is also how long its loop may show no life."""

    deadline_s: float = 0.3


@dataclass(frozen=True)
class Inline(Verifier):
    version: ClassVar[int] = 1
    inline: ClassVar[bool] = True

    async def verify(self, task, completion):
        CALLS[task.task_type] += 1
        return await obey(completion.answer)


BOTH = {"waiting": Waiting(), "also waiting": Waiting(), "inline": Inline()}
KINDS = pytest.mark.parametrize("kind", ["waiting", "inline"])


def task(kind="waiting", number=0, **info):
    return Task(problem_id=str(number), task_type=kind, prompt="p", verification_info=info)


@pytest.fixture
def scorer():
    with Scorer(BOTH, deadline_s=30) as made:
        yield made


def run(scorer, pairs, how, **kwargs):
    if how == "sync":
        return scorer.score_sync(pairs, **kwargs)
    return asyncio.run(scorer.score(pairs, **kwargs))


HOW = pytest.mark.parametrize("how", ["sync", "async"])


# Order, duplicates, verdicts without work ----------------------------------------------------------------------------


@HOW
@given(
    texts=st.lists(st.sampled_from(["score 0", "score 0.5", "score 1", "<think>", "raise x"]), max_size=12),
    kinds=st.lists(st.sampled_from(["waiting", "inline", "also waiting", "unknown"]), min_size=12, max_size=12),
    numbers=st.lists(st.integers(0, 1), min_size=12, max_size=12),
)
@settings(max_examples=40, deadline=None)
def test_each_pair_gets_the_verdict_it_would_get_alone(how, texts, kinds, numbers):
    pairs = [(task(kind, number), text) for text, kind, number in zip(texts, kinds, numbers, strict=False)]
    with Scorer(BOTH) as scorer:
        alone = [scorer.score_sync([pair])[0] for pair in pairs]
        seen = []
        assert run(scorer, pairs, how, on_verdict=lambda index, verdict: seen.append((index, verdict))) == alone
    assert sorted(seen, key=lambda item: item[0]) == list(enumerate(alone))


@HOW
@KINDS
def test_identical_pairs_are_verified_once(scorer, how, kind):
    pairs = [
        (task(kind), "score 1"),
        (task(kind), "score 1"),  # an equal task, another object
        (task(kind), Completion.parse("score 1")),
        (task(kind, number=1), "score 1"),  # another task
        (task(kind), "score 0"),  # another completion
        (task(kind), Completion("score 1", None, "score 0")),  # the same text, split otherwise
    ]
    assert [verdict.score for verdict in run(scorer, pairs, how)] == [1, 1, 1, 1, 0, 0]
    assert CALLS[kind] == 4
    assert (scorer.metrics.verified, scorer.metrics.deduped) == (4, 2)


def test_duplicates_are_not_remembered_between_batches(scorer):
    for _ in range(2):
        scorer.score_sync([(task(), "score 1")])
    assert CALLS["waiting"] == 2


def test_tasks_that_have_no_key_are_still_scored(scorer):
    odd = task(value={1, 2})
    assert [verdict.score for verdict in scorer.score_sync([(odd, "score 1"), (odd, "score 1")])] == [1, 1]
    assert CALLS["waiting"] == 1


@pytest.mark.parametrize("kind", ["waiting", "inline"])
def test_tasks_nested_too_deeply_for_a_key_are_still_scored(scorer, kind):
    value = []
    for _ in range(2_000):
        value = [value]
    odd = task(kind, value=value)
    assert [verdict.score for verdict in scorer.score_sync([(odd, "score 1"), (odd, "score 1")])] == [1, 1]


@HOW
@KINDS
def test_no_answer_never_reaches_the_verifier(scorer, how, kind):
    verdict = run(scorer, [(task(kind), "<think>score 1")], how)[0]
    assert (verdict.score, verdict.reason) == (0.0, "no_answer")
    assert CALLS[kind] == 0


@HOW
def test_unknown_task_type_is_not_the_models_failure(scorer, how):
    for text in ("score 1", "<think>"):
        verdict = run(scorer, [(task("poetry"), text)], how)[0]
        assert verdict.reason == "unscorable_task"
        assert "code_output_prediction" in verdict.details["why"]


@HOW
def test_empty_batch(scorer, how):
    assert run(scorer, [], how) == []


@HOW
def test_a_generator_of_pairs(scorer, how):
    assert len(run(scorer, ((task(number=n), "score 1") for n in range(3)), how)) == 3


@pytest.mark.parametrize("pair", [(task(), None), (None, "x"), "x", (task(),), (task(), b"x")])
def test_what_is_no_pair(scorer, pair):
    with pytest.raises(TypeError, match=r"pair 1 must be \(Task, Completion or str\), got"):
        scorer.score_sync([(task(), "score 1"), pair])


# Failures of ours ----------------------------------------------------------------------------------------------------


@HOW
@KINDS
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise the server\nis gone", "Told: the server"),
        ("raise", "Told"),
        ("mute", r"Mute \(it cannot say why: its __str__ raises ValueError\)"),
        ("leave", "GeneratorExit"),
        ("return 1.0", "TypeError: .*verify returned float, not a Verdict"),
        ("return null", "TypeError: .*verify returned NoneType, not a Verdict"),
    ],
)
def test_an_exception_is_unscorable_and_spares_the_others(scorer, how, kind, text, why):
    verdicts = run(scorer, [(task(kind), text), (task(kind), "score 1")], how)
    assert (verdicts[0].reason, verdicts[1].score) == ("unscorable_infra", 1.0)
    assert re.fullmatch(why, verdicts[0].details["why"])


def test_an_exception_is_said_once_with_its_traceback_at_debug(scorer, caplog):
    caplog.set_level(logging.DEBUG, logger="synthetic1")
    scorer.score_sync([(task(number=n), f"raise {n}") for n in range(3)])
    records = [record for record in caplog.records if record.name.startswith("synthetic1")]
    levels = Counter(record.levelname for record in records)
    assert levels == {"WARNING": 1, "DEBUG": 3}
    assert all(record.exc_info for record in records if record.levelname == "DEBUG")


@HOW
def test_a_verifier_that_cancels_itself_is_unscorable(scorer, how):
    assert run(scorer, [(task(), "cancel")], how)[0].reason == "unscorable_infra"


def test_inline_that_awaits_is_found_out(scorer):
    verdicts = scorer.score_sync([(task("inline"), "sleep 0"), (task("inline"), "score 1")])
    assert verdicts[0].details["why"] == "RuntimeError: Inline says `inline = True` but its verify awaited"
    assert verdicts[1].score == 1


@HOW
@KINDS
def test_ctrl_c_goes_through_and_the_scorer_lives_on(scorer, how, kind):
    with pytest.raises(KeyboardInterrupt):
        run(scorer, [(task(kind), "interrupt"), (task(), "sleep 60")], how)
    assert scorer.score_sync([(task(), "score 1")])[0].score == 1


@HOW
@KINDS
def test_what_a_callback_raises_ends_the_batch(scorer, how, kind):
    def refuse(index, verdict):
        raise Told(index)

    with pytest.raises(Told):
        run(scorer, [(task(kind), "score 1"), (task(), "sleep 60")], how, on_verdict=refuse)
    assert scorer.score_sync([(task(), "score 1")])[0].score == 1
    assert RUNNING["waiting"] == 0


# Deadlines and limits ------------------------------------------------------------------------------------------------


@HOW
@pytest.mark.parametrize("text", ["sleep 60", "stubborn 60"])
def test_the_deadline_is_hard_and_spares_the_others(how, text):
    with Scorer({"waiting": Hasty()}) as scorer:
        late, fine = run(scorer, [(task(), text), (task(), "score 1")], how)
    assert late.reason == "unscorable_infra"
    assert late.details["why"] == "TimeoutError: no verdict within 0.3 s of work"
    assert fine.score == 1


@HOW
def test_waiting_in_the_queue_does_not_count(how):
    """PR#831 of verifiers: calls of a tenth of the deadline, one at a time, all get their score."""
    with Scorer({"waiting": Hasty(1.0)}, concurrency=1) as scorer:
        verdicts = run(scorer, [(task(number=n), "sleep 0.1") for n in range(12)], how)
        assert {verdict.score for verdict in verdicts} == {1.0}
        assert PEAK["waiting"] == 1
        assert scorer.metrics.queue.p99 > 1


@HOW
def test_a_verifier_that_blocks_the_loop_cannot_hang_the_caller(how, caplog):
    with Scorer(BOTH, deadline_s=0.3) as scorer:
        others = set(threading.enumerate())
        verdicts = run(scorer, [(task(), "hold"), (task(), "score 1")], how)
        assert verdicts[0].reason == "unscorable_infra"
        assert "blocked" in verdicts[0].details["why"]
        (held,) = (thread for thread in set(threading.enumerate()) - others if "scorer" in thread.name)
        started = time.monotonic()
        while scorer.score_sync([(task(), "score 1")])[0].score != 1:  # on a new thread, which a busy machine may delay
            assert time.monotonic() < started + 60
        before = [verdict.reason for verdict in verdicts]
        HOLD.set()  # the old one comes back
        held.join(60)
        assert not held.is_alive()
        assert [verdict.reason for verdict in verdicts] == before


def test_every_batch_on_a_blocked_thread_gets_its_verdicts():
    """Also one that has not noticed when the thread comes back: the scorer was not closed, so it must not say so."""
    with Scorer(BOTH, deadline_s=0.2) as scorer:
        found = []
        first = threading.Thread(target=lambda: found.extend(scorer.score_sync([(task(), "hold")])))
        first.start()
        while not RUNNING["waiting"]:
            time.sleep(0.001)
        second = threading.Thread(
            target=lambda: found.extend(scorer.score_sync([(task(number=n), "sleep 60") for n in range(3)]))
        )
        second.start()
        first.join()
        HOLD.set()
        second.join()
    assert [verdict.reason for verdict in found] == ["unscorable_infra"] * 4


@pytest.mark.parametrize("concurrency", [3, {"waiting": 3, "also waiting": 5}])
def test_one_limit_for_each_verifier_across_batches(concurrency):
    other = concurrency if isinstance(concurrency, int) else 5
    limits = {"waiting": 3, "also waiting": other}
    with Scorer(BOTH, concurrency=concurrency) as scorer:
        pairs = [(task(kind, n), f"meet {kind} {limit}") for kind, limit in limits.items() for n in range(20)]
        threads = [threading.Thread(target=scorer.score_sync, args=(pairs,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert dict(PEAK) == limits


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"concurrency": 0}, "concurrency must be at least 1, got 0"),
        ({"concurrency": {"waiting": -1}}, "got -1"),
        ({"deadline_s": 0}, "deadline_s must be positive"),
        ({"deadline_s": float("nan")}, "deadline_s must be positive"),
    ],
)
def test_settings_are_checked(kwargs, message):
    with pytest.raises(ValueError, match=message):
        Scorer(**kwargs)


def test_alias_and_type_share_one_limit_and_one_verifier():
    with Scorer() as scorer:
        assert scorer.verifier("verifiable_code_understanding") is scorer.verifier("code_output_prediction")
    with Scorer({"verifiable_code_understanding": Inline()}) as scorer:
        assert scorer.verifier("code_output_prediction") == Inline()


# Where it may be called from -----------------------------------------------------------------------------------------


def test_from_many_threads_at_once(scorer):
    wrong = []

    def work(seed):
        rng = random.Random(seed)
        for _ in range(20):
            scores = [rng.choice([0.0, 0.5, 1.0]) for _ in range(10)]
            pairs = [(task(rng.choice(["waiting", "inline"]), n), f"score {s}") for n, s in enumerate(scores)]
            if [verdict.score for verdict in scorer.score_sync(pairs)] != scores:
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert scorer.metrics.pairs == 8 * 20 * 10


def test_from_one_loop_after_another(scorer):
    for _ in range(3):
        assert asyncio.run(scorer.score([(task(), "sleep 0.001")]))[0].score == 1


def test_sync_on_a_thread_that_runs_a_loop(scorer):
    async def main():
        return scorer.score_sync([(task(), "sleep 0.001"), (task("inline"), "score 1")])

    assert [verdict.score for verdict in asyncio.run(main())] == [1, 1]


def test_awaiting_leaves_the_callers_loop_free(scorer):
    async def main():
        scoring = asyncio.create_task(scorer.score([(task(), "sleep until let go")]))
        for _ in range(6):
            await asyncio.sleep(0.001)
        assert not scoring.done()
        HOLD.set()
        return await scoring

    assert asyncio.run(main())[0].score == 1


def test_awaiting_leaves_all_work_to_the_scorers_thread(scorer):
    """Also what takes no verifier: sorting 50,000 pairs would hold up the caller's loop for half a second."""
    threads = set()
    pairs = [(task(number=n), "<think>") for n in range(10)]
    asyncio.run(scorer.score(pairs, on_verdict=lambda index, verdict: threads.add(threading.get_ident())))
    assert len(threads) == 1
    assert threads.isdisjoint({threading.get_ident()})


def test_a_large_batch_does_not_hold_up_a_small_one(scorer):
    order, small_is_in = [], threading.Event()

    def told(index, verdict):
        if not order:
            small_is_in.wait(20)  # holds the scorer's thread until both batches are there
        order.append(index)

    async def main():
        large = [(task("inline", n), "<think>") for n in range(5_000)]
        scoring = asyncio.create_task(scorer.score(large, on_verdict=told))
        await asyncio.sleep(0)
        small = scorer.score([(task(), "score 1")], on_verdict=lambda index, verdict: order.append("small"))
        second = asyncio.create_task(small)
        await asyncio.sleep(0)
        small_is_in.set()
        await asyncio.gather(scoring, second)

    asyncio.run(main())
    assert order.index("small") < 5_000


def test_sync_on_its_own_thread_is_an_error_and_not_a_hang(scorer):
    raised = []

    def call_back(index, verdict):
        try:
            scorer.score_sync([(task(), "score 0")])
        except RuntimeError as error:
            raised.append(str(error))

    scorer.score_sync([(task(), "score 1")], on_verdict=call_back)
    assert len(raised) == 1
    assert "own thread" in raised[0]


def test_cancelling_the_caller_cancels_the_work(scorer):
    async def main():
        scoring = asyncio.create_task(scorer.score([(task(number=n), "sleep 60") for n in range(3)]))
        while RUNNING["waiting"] < 3:
            await asyncio.sleep(0.001)
        scoring.cancel()
        with pytest.raises(asyncio.CancelledError):
            await scoring
        while RUNNING["waiting"]:
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(main(), 20))
    assert scorer.score_sync([(task(), "score 1")])[0].score == 1


def is_waiting(thread):
    """Whether a thread waits for another: at a lock, an event or a future."""
    frame = sys._current_frames()[thread.ident]
    return (frame.f_code.co_filename, frame.f_code.co_name) == (threading.__file__, "wait")


def test_ctrl_c_while_waiting_cancels_the_work(scorer):
    """A real SIGINT to the main thread, as a person would send it."""

    over = threading.Event()

    def interrupt():
        while not over.wait(0.001):
            if RUNNING["waiting"] and is_waiting(threading.main_thread()):
                os.kill(os.getpid(), signal.SIGINT)
                return

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt):
        scorer.score_sync([(task(), "sleep 25")])
    over.set()
    interrupting.join()
    deadline = time.monotonic() + 20
    while RUNNING["waiting"] and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not RUNNING["waiting"]


def _score_in_child(scorer, queue):
    pairs = [(task(), "sleep 0.001"), (task("inline"), "score 1")]
    queue.put([verdict.score for verdict in scorer.score_sync(pairs)])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("used_before", [False, True])
def test_after_fork(scorer, used_before):
    if used_before:
        scorer.score_sync([(task(), "score 1")])
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_score_in_child, args=(scorer, queue))
    child.start()
    deadline = time.monotonic() + 120
    while queue.empty():
        assert child.is_alive() or not queue.empty(), "the child has ended without a word"
        assert time.monotonic() < deadline, "the child hangs"
        time.sleep(0.01)
    assert queue.get() == [1, 1]
    child.join(60)
    assert child.exitcode == 0
    assert scorer.score_sync([(task(), "sleep 0.001")])[0].score == 1  # the parent's loop is unharmed


def test_pickles_at_any_time(scorer):
    scorer.score_sync([(task(), "score 1")])
    with pickle.loads(pickle.dumps(scorer)) as copy:
        assert copy.score_sync([(task(), "sleep 0.001")])[0].score == 1
        assert copy.metrics.pairs == 1


# Metrics and lifetime ------------------------------------------------------------------------------------------------


def test_metrics(scorer):
    pairs = [(task(), "score 1"), (task(), "score 1"), (task(), "<think>"), (task(), "raise x"), (task("x"), "y")]
    scorer.score_sync(pairs)
    metrics = scorer.metrics
    assert (metrics.pairs, metrics.verified, metrics.deduped, metrics.no_answer) == (5, 2, 1, 1)
    assert metrics.reasons == {"correct": 2, "no_answer": 1, "unscorable_infra": 1, "unscorable_task": 1}
    assert metrics.unscorable_share == pytest.approx(0.4)
    assert 0 < metrics.work.p50 <= metrics.work.p99


def test_no_timing_in_a_verdict(scorer):
    first, second = (scorer.score_sync([(task(), "sleep 0.001")])[0] for _ in range(2))
    assert first == second


def test_no_thread_until_a_verifier_awaits():
    before = set(threading.enumerate())
    with Scorer(BOTH) as scorer:
        scorer.score_sync([(task("inline"), "score 1")])
        assert set(threading.enumerate()) <= before
        scorer.score_sync([(task(), "score 1")])
        (thread,) = set(threading.enumerate()) - before
    assert not thread.is_alive()


def test_close_twice_and_then_no_more():
    scorer = Scorer(BOTH)
    scorer.score_sync([(task(), "score 1"), (task("also waiting"), "score 1")])
    scorer.close()
    scorer.close()
    assert CLOSED["waiting"] == 2  # each verifier once
    with pytest.raises(ScorerClosed):
        scorer.score_sync([(task(), "score 1")])


@HOW
def test_close_wakes_who_waits(how):
    scorer = Scorer(BOTH)

    def close():
        while not RUNNING["waiting"]:
            time.sleep(0.001)
        scorer.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(ScorerClosed):
        run(scorer, [(task(), "sleep 60")], how)
    closing.join()


def test_a_forgotten_scorer_ends_its_thread():
    before = set(threading.enumerate())
    scorer = Scorer(BOTH)
    scorer.score_sync([(task(), "score 1")])
    (thread,) = set(threading.enumerate()) - before
    gone = weakref.ref(scorer)
    del scorer
    gc.collect()
    assert gone() is None
    assert not thread.is_alive()
    assert CLOSED["waiting"] == 1


def test_ctrl_c_is_heard_whichever_thread_the_system_gives_it_to():
    """One of a library's, say, which does not wake the thread that waits."""

    def press():
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    with Scorer({"scale_waits": ScaleWaits(seconds=30)}) as scorer:
        threading.Thread(target=press, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            scorer.score_sync(pairs_of("scale_waits", 2))
