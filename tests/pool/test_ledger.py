"""The ledger: what was acknowledged is there, in its order, and no change of the file goes unseen."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic1.pool.errors import PoolError
from synthetic1.pool.ledger import FIRST, FileLedger, NewEntry, verify_ledger
from synthetic1.pool.node_key import NodeKey

KEY, OTHER, NODE, SECOND = (NodeKey.generate() for _ in range(4))
ENTRIES = [
    NewEntry("joined", NODE.node_id),
    NewEntry("work", NODE.node_id, 120, {"rollouts": ["aé", "b"], "tokens": 1.5}),
    NewEntry("joined", SECOND.node_id, 0, {"region": "<b>north</b>"}),
    NewEntry("work", SECOND.node_id, 7),
    NewEntry("withdrawn", NODE.node_id, -20, {"why": "proof\nrejected"}),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pool/ledger.jsonl"


@pytest.fixture
def written(path):
    ledger = FileLedger(path, KEY)
    ledger.append(ENTRIES[:2])
    ledger.append(ENTRIES[2:])
    ledger.close()
    return path


def test_what_was_appended_is_there(written):
    ledger = FileLedger(written, KEY)
    assert len(ledger) == len(ENTRIES)
    assert [(e.kind, e.node, e.units, dict(e.about)) for e in ledger.entries()] == [
        (e.kind, e.node, e.units, dict(e.about or {})) for e in ENTRIES
    ]
    assert (ledger.units(NODE.node_id), ledger.units(SECOND.node_id), ledger.units(OTHER.node_id)) == (100, 7, 0)
    entries = list(ledger.entries())
    assert [e.previous for e in entries] == [FIRST, *(e.digest for e in entries[:-1])]
    assert verify_ledger(written, KEY.node_id) == (len(ENTRIES), ledger.head)
    assert [e.at for e in entries] == sorted(e.at for e in entries)
    [more] = ledger.append([NewEntry("released", NODE.node_id)])
    assert (more.number, more.previous) == (5, entries[-1].digest)
    ledger.close()


def test_an_empty_one(path):
    ledger = FileLedger(path, KEY)
    assert (len(ledger), ledger.head, list(ledger.entries())) == (0, FIRST, [])
    assert ledger.append([]) == []
    assert verify_ledger(path, KEY.node_id) == (0, FIRST)
    ledger.close()


def test_a_clock_that_is_set_back_does_not_set_back_the_ledger(path, monkeypatch):
    ledger = FileLedger(path, KEY)
    [first] = ledger.append(ENTRIES[:1])
    monkeypatch.setattr("synthetic1.pool.ledger._now", lambda: "2001-01-01T00:00:00.000Z")
    [second] = ledger.append(ENTRIES[1:2])
    assert second.at == first.at
    ledger.close()
    assert verify_ledger(path, KEY.node_id)[0] == 2


def test_one_process_writes(written):
    ledger = FileLedger(written, KEY)
    with pytest.raises(PoolError, match="another process"):
        FileLedger(written, KEY)
    ledger.close()
    FileLedger(written, KEY).close()


def test_another_orchestrators_is_refused(written):
    content = written.read_bytes()
    with pytest.raises(PoolError, match=r"ledger\.jsonl:1: is not signed by"):
        FileLedger(written, OTHER)
    with pytest.raises(PoolError, match="is not signed by"):
        verify_ledger(written, OTHER.node_id)
    assert written.read_bytes() == content


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_byte_goes_unseen(written, data):
    content = written.read_bytes()
    place = data.draw(st.integers(0, len(content) - 2))  # without the last line end: that is an entry cut off
    changed = bytearray(content)
    changed[place] = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))
    file = written.with_name("changed.jsonl")
    file.write_bytes(changed)
    with pytest.raises(PoolError, match=r"changed\.jsonl:[1-5]: "):
        verify_ledger(file, KEY.node_id)


def test_no_line_can_be_left_out_put_in_or_moved(written):
    lines = written.read_bytes().splitlines(keepends=True)
    rng = random.Random(0)
    kept = {b"".join(lines[:n]) for n in range(len(lines) + 1)}
    for _ in range(200):
        other = [rng.choice(lines) for _ in range(rng.randint(1, 7))]
        file = written.with_name("other.jsonl")
        file.write_bytes(b"".join(other))
        if b"".join(other) in kept:
            assert verify_ledger(file, KEY.node_id)[0] == len(other)
            continue
        with pytest.raises(PoolError, match="does not follow"):
            verify_ledger(file, KEY.node_id)


def test_the_same_in_other_words_is_refused(written):
    lines = written.read_text().splitlines()
    lines[2] = json.dumps(json.loads(lines[2]))  # with spaces
    written.write_text("\n".join(lines) + "\n")
    with pytest.raises(PoolError, match=r":3: .*\(is not written as we write it\)"):
        verify_ledger(written, KEY.node_id)


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[]\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"number": 5}\n'])
def test_lines_that_are_no_entries(written, line):
    with written.open("ab") as file:
        file.write(line)
    with pytest.raises(PoolError, match=r":6: is not an entry"):
        verify_ledger(written, KEY.node_id)


def test_what_a_crash_left_of_an_entry_is_cut_off(written):
    content = written.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for cut in range(last, len(content)):
        written.write_bytes(content[:cut])
        ledger = FileLedger(written, KEY)
        assert len(ledger) == 4
        ledger.append(ENTRIES[4:])
        ledger.close()
        assert verify_ledger(written, KEY.node_id)[0] == 5


@pytest.mark.parametrize(
    "entry",
    [
        NewEntry("stolen", NODE.node_id),  # type: ignore[arg-type]
        NewEntry("work", "node 7", 1),
        NewEntry("work", NODE.node_id, 1.5),  # type: ignore[arg-type]
        NewEntry("work", NODE.node_id, True),
        NewEntry("work", NODE.node_id, 1 << 63),
        NewEntry("work", NODE.node_id, 1, {"a": float("inf")}),
        NewEntry("work", NODE.node_id, 1, {"a": {1, 2}}),
        NewEntry("work", NODE.node_id, 1, ["a"]),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_entry_is_refused_with_all_that_came_beside_it(written, entry):
    content = written.read_bytes()
    ledger = FileLedger(written, KEY)
    with pytest.raises(PoolError, match=r"^ledger: "):
        ledger.append([NewEntry("work", NODE.node_id, 1), entry])
    assert (len(ledger), written.read_bytes()) == (5, content)
    ledger.close()


CHILD = """
import sys
from pathlib import Path
from synthetic1.pool.ledger import FileLedger, NewEntry
from synthetic1.pool.node_key import NodeKey
ledger = FileLedger(Path(sys.argv[1]), NodeKey.open(Path(sys.argv[2])))
while True:
    made = ledger.append([NewEntry("work", ledger._key.node_id, 1)] * 3)
    print(made[-1].number, made[-1].digest, flush=True)
"""


def test_killed_at_any_moment_all_that_was_acknowledged_is_there(tmp_path):
    path, key = tmp_path / "ledger.jsonl", tmp_path / "pool.key"
    node = NodeKey.open(key).node_id
    said, rng = {}, random.Random(1)
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(key)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for _ in range(rng.randint(1, 40)):
                number, digest = child.stdout.readline().split()
                said[int(number)] = digest
            child.send_signal(signal.SIGKILL)
            for line in child.stdout:
                if line.endswith("\n"):
                    number, digest = line.split()
                    said[int(number)] = digest
    ledger = FileLedger(path, NodeKey.open(key))
    found = {entry.number: entry.digest for entry in ledger.entries()}
    assert said.items() <= found.items()
    assert ledger.units(node) == len(ledger) == len(found)
    ledger.close()


def test_a_file_that_may_not_grow_is_one_line_and_nothing_of_it_is_recorded(path):
    def in_child():
        ledger = FileLedger(path, KEY)
        ledger.append(ENTRIES)
        before = path.read_bytes()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, resource.RLIM_INFINITY))
        with pytest.raises(PoolError, match="takes no more"):
            ledger.append(ENTRIES)
        assert path.read_bytes() == before
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        ledger.append(ENTRIES)

    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            in_child()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert verify_ledger(path, KEY.node_id)[0] == 2 * len(ENTRIES)


@pytest.mark.parametrize("about", [{2: "a", 10: "b"}, {"a": {9: 3, 10: 4}}, {True: 1, "b": 2}, {"a": {1, 2}}])
def test_what_could_not_be_read_again_is_not_taken(tmp_path, about):
    ledger = FileLedger(tmp_path / "ledger.jsonl", KEY)
    with pytest.raises(PoolError, match="about"):
        ledger.append([NewEntry("work", NODE.node_id, 1, about)])
    ledger.append([NewEntry("work", NODE.node_id, 1, {"a": 1})])
    ledger.close()
    assert len(FileLedger(tmp_path / "ledger.jsonl", KEY)) == 1


@pytest.mark.parametrize("text", ['{"about":{}, "my":"notes"}', "notes of mine", '{"a": 1}', '{"about":[1]'])
def test_a_foreign_file_is_never_cut(tmp_path, text):
    path = tmp_path / "ledger.jsonl"
    path.write_text(text)
    with pytest.raises(PoolError, match="not an entry"):
        FileLedger(path, KEY)
    assert path.read_text() == text


def test_interrupted_in_the_middle_of_a_line_nothing_of_it_stays(tmp_path, monkeypatch):
    import os

    path = tmp_path / "ledger.jsonl"
    ledger = FileLedger(path, KEY)
    ledger.append([NewEntry("joined", NODE.node_id)])
    before = path.read_bytes()
    write = os.write

    def interrupted(file, data):
        write(file, bytes(data[:10]))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ledger.append([NewEntry("work", NODE.node_id, 1)])
    monkeypatch.undo()
    assert path.read_bytes() == before
    ledger.append([NewEntry("work", NODE.node_id, 2)])
    ledger.close()
    assert len(FileLedger(path, KEY)) == 2
