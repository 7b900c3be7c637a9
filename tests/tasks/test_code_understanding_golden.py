"""The streams of examples, pinned: models were trained on them, and seeds in papers and configs name them.

A change that moves one of these digests is a new version of the environment (``-v1``), and a new embedded model.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from itertools import islice

import pytest

from synthetic1.tasks.code_understanding import examples
from synthetic1.tasks.programs.behaviour import Split

COUNT = {**dict.fromkeys(range(1, 6), 150), 6: 100, 7: 60, 8: 30, 9: 20, 10: 12}  # the higher, the dearer
# blake2b-128 over source, input, output and prompt of that many examples of seed 0.
DIGESTS: dict[tuple[Split, int], str] = {
    ("train", 1): "d5055dd009bd2860fa3c65640520b652",
    ("train", 2): "98b93053622ab93abce50612c587a62c",
    ("train", 3): "2d663e64760cb2bb9cf21059c7e05f42",
    ("train", 4): "f2d4ba95e3c6acb37715cf7d4816964f",
    ("train", 5): "261b681d247e8e486e2974f3a89f72f3",
    ("train", 6): "a56de2b2370d3a8b5057a4f66db511d2",
    ("train", 7): "e6b3db1b04028ee898b85c35d869bda7",
    ("train", 8): "6296bc20a24f7b20d70ed0a918b2d3ea",
    ("train", 9): "b3771be5cd6fe6ea0aec851f53d70d9b",
    ("train", 10): "9c19270b7560703119f542bc2f965535",
    ("test", 1): "58c63f35351c0eba3ca4853cf3ecfb27",
    ("test", 2): "c320f0fc28a058eef207c6a2164b32ff",
    ("test", 3): "1c2529d484c338ef3dbfc4ab7a70e1c6",
    ("test", 4): "f19edcca4786d4e81f5e11878f838985",
    ("test", 5): "8b601cfba815a5d5e0aa9d3569000f89",
    ("test", 6): "907dbdd0e10f3b4946bc7a52d398b118",
    ("test", 7): "6f0e13150ed2e38ba737aa8d56fb863f",
    ("test", 8): "9ca5356535935770a667ec0d91d4b46a",
    ("test", 9): "b1292b93d80bb31e005d21b2b9021ff6",
    ("test", 10): "93b7f162ce7e465a7cd18d5f0daa8ea2",
}

PROMPT = """\
Predict what this Python program returns.

```python
def transform(s):
    s = s[::-1]
    return s
```

It is called as `transform(s)` with this string, written as in JSON:
"say \\"hi\\""

Answer with JSON that has one field, the returned string: {"output": "..."}"""

OTHER_PROCESS = """
import sys
sys.path.insert(0, sys.argv[1])
from test_code_understanding_golden import digest
print(digest("train", 3, 50), digest("test", 6, 20))
"""


def digest(split: Split, level: int, count: int | None = None) -> str:
    state = hashlib.blake2b(digest_size=16)
    for example in islice(examples(level, split=split, seed=0), count or COUNT[level]):
        fields = [example.source, example.text, example.output, example.prompt()]
        state.update(json.dumps(fields).encode() + b"\n")
    return state.hexdigest()


@pytest.mark.parametrize(("split", "level"), list(DIGESTS))
def test_streams_are_what_they_were(split: Split, level: int) -> None:
    assert digest(split, level) == DIGESTS[split, level]


@pytest.mark.parametrize("hash_seed", ["0", "1234"])
def test_another_process_with_another_hash_seed_makes_the_same(hash_seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, os.path.dirname(__file__)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [digest("train", 3, 50), digest("test", 6, 20)]


def test_seed_level_and_split_each_make_another_stream() -> None:
    streams = [examples(2), examples(2, seed=1), examples(3), examples(2, split="test")]
    firsts = [tuple(e.source for e in islice(stream, 5)) for stream in streams]
    assert len(set(firsts)) == len(firsts)
