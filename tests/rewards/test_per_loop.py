"""One resource a loop: opened once, tried again after a failure, closed where it was opened."""

from __future__ import annotations

import asyncio
import gc
import os
import weakref

import pytest

from synthetic1.rewards.scoring.per_loop import PerLoop


class Thing:
    def __init__(self, settings):
        self.settings = settings
        self.loop = asyncio.get_running_loop()
        self.closed = 0

    async def aclose(self):
        assert asyncio.get_running_loop() is self.loop
        self.closed += 1


class Opener:
    """Opens things, slowly; the first ``failures`` times it cannot."""

    def __init__(self, failures=0):
        self.failures = failures
        self.begun = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, settings):
        self.begun += 1
        await self.go.wait()
        if self.begun <= self.failures:
            raise OSError(f"failure {self.begun}")
        return Thing(settings)


async def test_equal_settings_asked_for_at_once_open_once():
    opener = Opener()
    things = PerLoop(opener)
    opened = await asyncio.gather(*(things.get(("a", n % 2)) for n in range(20)))
    assert len(set(opened)) == opener.begun == 2
    assert await things.get(("a", 0)) is opened[0]
    assert opened[1].settings == ("a", 1)


async def test_a_failed_opening_fails_all_who_wait_and_is_tried_again_by_the_next():
    opener = Opener(failures=1)
    things = PerLoop(opener)
    failed = await asyncio.gather(*(things.get("a") for _ in range(5)), return_exceptions=True)
    assert [str(error) for error in failed] == ["failure 1"] * 5
    assert (await things.get("a")).settings == "a"
    assert opener.begun == 2


async def test_who_gives_up_ends_it_for_nobody_else():
    opener = Opener()
    opener.go.clear()
    things = PerLoop(opener)
    impatient, patient = (asyncio.create_task(things.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait({impatient})
    opener.go.set()
    assert impatient.cancelled()
    assert (await patient).settings == "a"
    assert opener.begun == 1


async def test_closed_it_is_opened_anew():
    things = PerLoop(Opener())
    first, other = await things.get("a"), await things.get("b")
    await things.aclose("a")
    await things.aclose("a")
    assert (first.closed, other.closed) == (1, 0)
    assert await things.get("a") is not first
    await things.aclose("never opened")


async def test_closed_while_it_opens():
    opener = Opener()
    opener.go.clear()
    things = PerLoop(opener)
    waiting = asyncio.create_task(things.get("a"))
    await asyncio.sleep(0)
    await things.aclose("a")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    opener.go.set()
    assert (await things.get("a")).settings == "a"


async def test_what_failed_to_open_needs_no_closing():
    things = PerLoop(Opener(failures=1))
    with pytest.raises(OSError, match="failure 1"):
        await things.get("a")
    await things.aclose("a")


def test_each_loop_has_its_own():
    async def opened():
        return await things.get("a")

    async def closed():
        await things.aclose("a")

    async def both():
        thing = await opened()
        await closed()
        return thing

    things = PerLoop(lambda settings: Opener()(settings))
    first, second = asyncio.run(opened()), asyncio.run(both())
    assert first is not second
    assert (first.closed, second.closed) == (0, 1)


async def test_a_forked_child_has_its_own(monkeypatch):
    things = PerLoop(Opener())
    ours = await things.get("a")
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: -1)  # as in a child that goes on with this loop
    theirs = await things.get("a")
    await things.aclose("a")
    assert theirs is not ours
    assert (ours.closed, theirs.closed) == (0, 1)
    monkeypatch.setattr(os, "getpid", lambda: pid)
    assert await things.get("a") is ours


def test_what_was_closed_is_let_go():
    async def main():
        thing = await things.get("a")
        await things.aclose("a")
        return weakref.ref(thing)

    things = PerLoop(Opener())
    gone = asyncio.run(main())
    gc.collect()
    assert gone() is None
