"""The compile cache: keys, damage, many processes, and how it stays small."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.sandbox.agent.job import Bounds
from synthetic1.sandbox.execution.compile_cache import CompileCache, Compiled, cache_key, default_folder
from synthetic1.sandbox.languages.language import ProgramPlan

BOUNDS = Bounds(30, 60, 2**30, 1000, 1000, 1, 64, 2**20)
PLAN = ProgramPlan({"main.cpp": b"int main() {}"}, ("../main",), ("{cxx}", "-o", "main"), ("main",), {"LANG": "C"})
MADE = Compiled(True, b"warning: \xff", (b"\x7fELF" + bytes(1000), b"second"))
FAILED = Compiled(False, b"main.cpp:1: error", why="the compiler ended with exit code 1")


def key_of(number: int) -> str:
    return cache_key("cpp", PLAN, BOUNDS, number, "")


def test_what_changes_the_outcome_changes_the_key() -> None:
    keys = [
        cache_key("cpp", PLAN, BOUNDS, 100, "gcc 12"),
        cache_key("rust", PLAN, BOUNDS, 100, "gcc 12"),
        cache_key("cpp", PLAN, BOUNDS, 101, "gcc 12"),
        cache_key("cpp", PLAN, BOUNDS, 100, "gcc 13"),
        cache_key("cpp", PLAN, replace(BOUNDS, cpu_s=31), 100, "gcc 12"),
        cache_key("cpp", replace(PLAN, files={"main.cpp": b"int main() { }"}), BOUNDS, 100, "gcc 12"),
        cache_key("cpp", replace(PLAN, files={"main.cc": b"int main() {}"}), BOUNDS, 100, "gcc 12"),
        cache_key("cpp", replace(PLAN, files={**PLAN.files, "x": b""}), BOUNDS, 100, "gcc 12"),
        cache_key("cpp", replace(PLAN, build=("{cxx}", "-omain")), BOUNDS, 100, "gcc 12"),
        cache_key("cpp", replace(PLAN, outputs=("other",)), BOUNDS, 100, "gcc 12"),
        cache_key("cpp", replace(PLAN, env={"LANG": "D"}), BOUNDS, 100, "gcc 12"),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == cache_key("cpp", replace(PLAN, argv=("../main", "x"), channel=True), BOUNDS, 100, "gcc 12")
    with pytest.raises(ValueError, match="without a build"):
        cache_key("python", replace(PLAN, build=None), BOUNDS, 100, "")


FILES = st.dictionaries(st.text(min_size=1, max_size=3), st.binary(max_size=4), max_size=3)
ARGV = st.lists(st.text(max_size=3), min_size=1, max_size=3).map(tuple)


@given(FILES, ARGV, FILES, ARGV)
def test_keys_are_equal_exactly_for_equal_builds(
    files: dict[str, bytes], argv: tuple[str, ...], other_files: dict[str, bytes], other_argv: tuple[str, ...]
) -> None:
    def key(files: dict[str, bytes], argv: tuple[str, ...]) -> str:
        return cache_key("cpp", ProgramPlan(files, (), build=argv), BOUNDS, 1, "")

    assert key(files, argv) == key(dict(reversed(files.items())), argv)
    same = (files, argv) == (other_files, other_argv)
    assert (key(files, argv) == key(other_files, other_argv)) == same


@given(
    st.builds(
        Compiled,
        st.booleans(),
        st.binary(max_size=99),
        st.lists(st.binary(max_size=99)).map(tuple),
        st.text(max_size=9),
    )
)
def test_what_is_put_is_got(tmp_path_factory: pytest.TempPathFactory, compiled: Compiled) -> None:
    folder = tmp_path_factory.mktemp("cache")
    cache = CompileCache(folder)
    assert cache.get(key_of(1)) is None
    cache.put(key_of(1), compiled)
    for again in (cache, CompileCache(folder), CompileCache(folder, memory_bytes=0)):
        assert again.get(key_of(1)) == compiled
        assert again.get(key_of(2)) is None


def entry(folder: Path) -> Path:
    (found,) = (path for path in folder.rglob("*") if path.is_file())
    return found


@pytest.mark.parametrize("at", [0, 10, 30, 54, 60, 80, 500, -1])
def test_a_damaged_entry_counts_as_absent_and_is_replaced(tmp_path: Path, at: int) -> None:
    CompileCache(tmp_path).put(key_of(1), MADE)
    path = entry(tmp_path)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    for damaged in (bytes(data), path.read_bytes()[:at], path.read_bytes() + b"x", b""):
        path.write_bytes(damaged)
        cache = CompileCache(tmp_path)
        assert cache.get(key_of(1)) is None
        cache.put(key_of(1), FAILED)
        assert CompileCache(tmp_path).get(key_of(1)) == FAILED


def test_an_entry_under_another_name_counts_as_absent(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    cache.put(key_of(1), MADE)
    path = entry(tmp_path)
    cache.put(key_of(2), FAILED)
    entry_of_2 = tmp_path / key_of(2)[:2] / key_of(2)[2:]
    entry_of_2.write_bytes(path.read_bytes())
    assert CompileCache(tmp_path).get(key_of(2)) is None


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    made = Compiled(True, b"", (bytes(1000),))
    cache = CompileCache(tmp_path, max_bytes=100 * made.size, memory_bytes=0)
    for number in range(100):
        cache.put(key_of(number), made)
        path = tmp_path / key_of(number)[:2] / key_of(number)[2:]
        os.utime(path, (number, number))
    assert cache.get(key_of(0)) == made  # used: no more among the oldest
    for number in range(100, 120):
        cache.put(key_of(number), made)
    cache.sweep()
    used = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert 80 * made.size < used <= 100 * made.size
    there = [number for number in range(120) if cache.get(key_of(number)) is not None]
    assert there[0] == 0
    assert there[1:] == list(range(120 - len(there) + 1, 120))


def test_memory_is_bounded_and_holds_the_latest(tmp_path: Path) -> None:
    made = Compiled(True, b"", (bytes(1000),))
    cache = CompileCache(tmp_path, memory_bytes=3 * made.size)
    for number in range(5):
        cache.put(key_of(number), made)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
    assert [cache.get(key_of(number)) is not None for number in range(5)] == [False, False, True, True, True]


def test_what_dead_writers_left_is_swept(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    cache.put(key_of(1), MADE)
    old, new = entry(tmp_path).parent / ".old", entry(tmp_path).parent / ".new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.sweep()
    assert not old.exists()
    assert new.exists()
    assert CompileCache(tmp_path).get(key_of(1)) == MADE


def test_a_folder_that_cannot_be_written_leaves_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = CompileCache(tmp_path / "file" / "cache")
    with caplog.at_level(logging.WARNING):
        cache.put(key_of(1), MADE)
        cache.put(key_of(2), FAILED)
    assert cache.get(key_of(1)) == MADE
    assert len([record for record in caplog.records if record.name.startswith("synthetic1")]) == 1
    assert "cannot be written" in caplog.text


def test_only_the_owner_can_look_in(tmp_path: Path) -> None:
    CompileCache(tmp_path / "cache").put(key_of(1), MADE)
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
    assert entry(tmp_path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", ["", "../" * 21 + "x", "A" * 64, "0" * 63, "0" * 65])
def test_a_key_cannot_leave_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        CompileCache(tmp_path).get(key)


def test_the_folder_follows_the_standard() -> None:
    assert default_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/synthetic1/compile")
    for environ in ({}, {"XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "relative"}):
        assert default_folder(environ) == Path.home() / ".cache/synthetic1/compile"


async def test_of_many_that_want_the_same_one_compiles(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    compiled: list[int] = []

    async def want(number: int) -> Compiled:
        async with cache.lock(key_of(number)):
            found = cache.get(key_of(number))
            if found is None:
                compiled.append(number)
                await asyncio.sleep(0.01)
                found = MADE
                cache.put(key_of(number), found)
            return found

    assert await asyncio.gather(*(want(i % 3) for i in range(30))) == [MADE] * 30
    assert sorted(compiled) == [0, 1, 2]


async def test_a_cancelled_holder_lets_the_next_in(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    held = asyncio.Event()

    async def hold() -> None:
        async with cache.lock(key_of(1)):
            held.set()
            await asyncio.Event().wait()

    holder = asyncio.create_task(hold())
    await held.wait()
    waiter = asyncio.create_task(hold())
    await asyncio.sleep(0)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    async with asyncio.timeout(10), cache.lock(key_of(1)):
        pass


HAMMER = """
import random, sys
from synthetic1.sandbox.execution.compile_cache import CompileCache, Compiled
folder, name = sys.argv[1:]
keys = [f"{i:064x}" for i in range(20)]
hits = 0
for key in random.Random(name).choices(keys, k=600):  # in a cycle, whoever runs alone would find nothing
    cache = CompileCache(folder, max_bytes=200_000, memory_bytes=0)
    found = cache.get(key)
    if found is None:
        cache.put(key, Compiled(True, key.encode(), (key.encode() * 200,)))
    else:
        assert found == Compiled(True, key.encode(), (key.encode() * 200,)), key
        hits += 1
print(hits)
"""


def test_many_processes_share_a_folder(tmp_path: Path) -> None:
    """The limit is under what they all put, so entries vanish under the readers' eyes."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(tmp_path), str(i)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(3)
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert int(out) > 0
