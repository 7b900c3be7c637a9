"""datatrove's blocks, set up for tasks: MinHash signatures and clusters, n-gram indices. Imported where they run.

datatrove's own tokenizers want models and packages a language. Ours takes runs of letters and digits, and single signs.
A text shorter than an n-gram is filled up, so that it has one, and equals only texts of the same words: datatrove
passes over texts without an n-gram. Numbers stay as they are (datatrove makes them all 0): in tasks they are the
problem. So do signs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from datatrove.data import Document
from datatrove.io import get_datafolder
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupSignature,
)
from datatrove.utils.hashing import HashConfig, create_hash_func
from datatrove.utils.text import TextNormConfig, ngrams, simplify_text
from datatrove.utils.word_tokenizers import WordTokenizer

from synthetic1.datagen.curation.executors.executor import BlockExecutor

SHINGLE = 2
"""Words of a shingle: one word changed in a problem of thirty leaves a similarity of 0.87, with datatrove's 5 words
0.68."""
BUCKETS, HASHES = 20, 6  # found with a probability of 0.98 at a similarity of 0.75, and of 0.27 at 0.5
NORM = TextNormConfig(norm_numbers=False, remove_punctuation=False, norm_unicode_diacritics=False)
"""Diacritics go in ``Words``: datatrove takes a third of a text's time to look for them, in ASCII, too."""
FILLING = "\N{SYMBOL FOR NULL}"
_word = re.compile(r"\w+|[^\w\s]")


class Words(WordTokenizer):  # type: ignore[misc]
    """Words and signs without diacritics, filled up to ``n``."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def word_tokenize(self, text: str) -> list[str]:
        if not text.isascii():
            text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        found = _word.findall(text)
        return found + [FILLING] * (self.n - len(found)) if 0 < len(found) < self.n else found

    def sent_tokenize(self, text: str) -> list[str]:
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


class DraftTexts(PipelineStep):  # type: ignore[misc]
    """Reads the texts of the drafts in the file of a rank."""

    type, name = "📖 - READER", "drafts"

    def __init__(self, files: list[str]) -> None:
        super().__init__()
        self.files = files

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        with open(self.files[rank], encoding="ascii") as lines:
            for number, line in enumerate(lines):
                yield Document(text=json.loads(line)["text"], id=str(number))


class Contaminated(NGramsDecontFilter):  # type: ignore[misc]
    """Writes which drafts of a rank share an n-gram with a benchmark: their places in the file."""

    _requires_dependencies: ClassVar[list[str]] = []

    def __init__(self, index: str, output: str, n: int) -> None:
        super().__init__(index, contamination_config(n), language=Words(n))
        self.output_folder = get_datafolder(output)

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> None:
        found = [int(document.id) for document in data if self.filter(document) is not True]
        with self.output_folder.open(f"{rank:06d}.json", "w", encoding="ascii") as file:
            json.dump(found, file)


def contamination_config(n: int) -> NGramsDecontConfig:
    return NGramsDecontConfig(n_grams=n, norm_config=NORM)


def minhash_config(seed: int) -> MinhashConfig:
    return MinhashConfig(
        n_grams=SHINGLE, num_buckets=BUCKETS, hashes_per_bucket=HASHES, seed=seed % 2**32, norm_config=NORM
    )


class Grams:
    """The n-grams of a text as datatrove hashes them."""

    def __init__(self, n: int) -> None:
        self.n, self._words, self._hash = n, Words(n), create_hash_func(HashConfig())

    def of(self, text: str) -> list[int]:
        words = self._words.word_tokenize(simplify_text(text, NORM))
        return [self._hash(" ".join(gram)) for gram in ngrams(words, self.n)]


def write_index(grams: set[int], folder: Path) -> None:
    """The index that ``NGramsDecontFilter`` reads. (datatrove's own indexer wants lighteval.)"""
    folder.mkdir(parents=True, exist_ok=True)
    np.array(sorted(grams), dtype=HashConfig().np_descr).tofile(folder / "benchmarks.index.hashes")


def find_clusters(
    files: list[str], folder: Path, *, executor: BlockExecutor, seed: int
) -> Iterator[tuple[int, int, int]]:
    """(file, place in it, cluster) of every draft that looks like another one, by MinHash; files in order."""
    config, logs = minhash_config(seed), folder / "logs"
    signatures, buckets, clusters = (str(folder / name) for name in ("signatures", "buckets", "clusters"))
    words = MinhashDedupSignature(signatures, config, language=Words(SHINGLE))
    executor.run([DraftTexts(files), words], logs / "signatures", parts=len(files))
    executor.run([MinhashDedupBuckets(signatures, buckets, config=config)], logs / "buckets", parts=BUCKETS)
    executor.run([MinhashDedupCluster(buckets, clusters, config, save_cluster_id=True)], logs / "clusters", parts=1)
    for number in range(len(files)):
        path = Path(clusters) / f"{number:06d}.clusters"
        if path.is_file():
            for place, cluster in np.fromfile(path, dtype="<u4").reshape(-1, 2).tolist():
                yield number, place, cluster


def find_contaminated(
    files: list[str], index: Path, folder: Path, *, n: int, executor: BlockExecutor
) -> Iterator[tuple[int, int]]:
    """(file, place in it) of every draft that shares an n-gram with ``index``."""
    output = folder / "contaminated"
    output.mkdir(parents=True, exist_ok=True)
    found = Contaminated(str(index), str(output), n)
    executor.run([DraftTexts(files), found], folder / "logs" / "contamination", parts=len(files))
    for number in range(len(files)):
        for place in json.loads((output / f"{number:06d}.json").read_text(encoding="ascii")):
            yield number, place
