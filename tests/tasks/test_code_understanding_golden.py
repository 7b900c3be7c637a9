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
    ("train", 4): "32293cfdb9ac0fdf77eaa38bac57cdb1",
    ("train", 5): "1017d09fc3695610464aacc221f55f56",
    ("train", 6): "4cf5ef1d22ab5c7c653e9bc03a8ee8eb",
    ("train", 7): "727f181108d6699b89eccbdb30ce1c5f",
    ("train", 8): "19190e5e2d03e4f2987fd846645518b0",
    ("train", 9): "0d10d7891136406878ae97c65a8098a3",
    ("train", 10): "b633d49fb11007eb50087da75b1e0737",
    ("test", 1): "58c63f35351c0eba3ca4853cf3ecfb27",
    ("test", 2): "c320f0fc28a058eef207c6a2164b32ff",
    ("test", 3): "1c2529d484c338ef3dbfc4ab7a70e1c6",
    ("test", 4): "03d14eb91ec0659ec5883df458fa5820",
    ("test", 5): "8d54ff4c0315f69f7eb9f36c12f0e723",
    ("test", 6): "7e7a2d940a54338af3a04462b356b50c",
    ("test", 7): "03b383740f335fc6ecb8a22678d77640",
    ("test", 8): "a5eae498a0c3386ab23053e6791b52fc",
    ("test", 9): "c5f445410f6a1ffa311e8b20b03bb0cf",
    ("test", 10): "734b6cc8a0ac7392ee251efe756c9af1",
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
