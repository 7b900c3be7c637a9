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

from synthetic1.tasks.code_understanding import Split, examples

# blake2b-128 over source, input, output and prompt of the first 200 examples of seed 0.
DIGESTS: dict[tuple[Split, int], str] = {
    ("train", 1): "23323e3d0e5a0cbda7d282ef07537e1e",
    ("train", 2): "88eb813551228b85b6f8c07fa340f538",
    ("train", 3): "aecdbfd2ea6777b60edf6223480e0e0b",
    ("train", 4): "07a719a73b42bdcfcb1872f1f1e3d6fe",
    ("train", 5): "8eebb895770d3b227dfe4678f61cec9e",
    ("train", 6): "22b5d66ceddf65d168ddbf0617c42be4",
    ("train", 7): "ec7e36aa7db48e9c2be1db1d1bf868f6",
    ("train", 8): "6ad319c3f0ffbf33187659e2ea97b588",
    ("train", 9): "cc5bf68770fbddef01b1c86060b0b516",
    ("train", 10): "8ad47de213be183ac12a02a5ade9a90f",
    ("test", 1): "c1f153970a0c60a01a8793cbf9f7d91a",
    ("test", 2): "84a7527a331d5f5ebc37002af8662b5f",
    ("test", 3): "0878d9a1567c6b864ade8339274dbe8a",
    ("test", 4): "6b278f1d4576d907ca6c01bd7d9ac363",
    ("test", 5): "d12b36cca47b33c319ab50f0c7b96683",
    ("test", 6): "3d639e367864a6459039f04b4ec2bfd1",
    ("test", 7): "f2422f90fc949da9125602ebfbef09e8",
    ("test", 8): "b2da49c5e2a4e68399d28db464b7ca11",
    ("test", 9): "4ccac252e7cf5ebbb0b575396fe78057",
    ("test", 10): "6f511c8064c5b384d32ec628fa88827c",
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
print(digest("train", 3, 50), digest("test", 6, 50))
"""


def digest(split: Split, level: int, count: int = 200) -> str:
    state = hashlib.blake2b(digest_size=16)
    for example in islice(examples(level, split=split, seed=0), count):
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
    assert done.stdout.split() == [digest("train", 3, 50), digest("test", 6, 50)]


def test_seed_level_and_split_each_make_another_stream() -> None:
    streams = [examples(2), examples(2, seed=1), examples(3), examples(2, split="test")]
    firsts = [tuple(e.source for e in islice(stream, 5)) for stream in streams]
    assert len(set(firsts)) == len(firsts)
