"""What is looked for among all drafts at once: near duplicates, and texts of benchmarks.

datatrove's blocks find the candidates, in as many processes as there are cores, or on other machines. What they find is
then compared in full: MinHash takes two problems of one template for duplicates, and an n-gram of a benchmark may be a
common phrase.
"""

from __future__ import annotations

import glob
import os
import shutil
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from synthetic1.datagen.curation.draft import Draft, Dropped
from synthetic1.datagen.curation.funnel import CONTAMINATION, DUPLICATES
from synthetic1.datagen.curation.raw_rows import names_apart
from synthetic1.datagen.curation.recipe import CurationRecipe, numbers
from synthetic1.datagen.curation.sift_settings import SiftSettings
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.datagen.exporting.decontaminate import benchmark_texts
from synthetic1.jobs.program import ProgramError
from synthetic1.scale.settings import RaySection
from synthetic1.tasks.sources.kinds import as_lines, is_hidden, kind_of

if TYPE_CHECKING:
    from synthetic1.datagen.curation.blocks import Grams
    from synthetic1.datagen.curation.executors.executor import BlockExecutor

DRAFTS_A_FILE = 20_000
COMPARED = 64
"""With how many kept drafts of its cluster a draft is compared, of those that have its numbers, and of the first."""
ABOUT_ROWS = frozenset(
    {"dataset_info.json", "dataset_infos.json", "state.json", "manifest.json", "funnel.json", "left_out.jsonl.gz"}
)
"""What libraries, and we, write beside rows."""
ROOM = 200_000_000
"""Characters of drafts of a cluster that are held to be compared with."""


class DraftFiles:
    """The drafts on disk: lines in files of at most ``DRAFTS_A_FILE``, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.jsonl"))

    def write(self, drafts: Iterator[Draft]) -> None:
        """All of them, in place of what was there."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        file, many = None, 0
        try:
            for draft in drafts:
                if many % DRAFTS_A_FILE == 0:
                    if file is not None:
                        file.close()
                    file = (self.folder / f"{many // DRAFTS_A_FILE:06d}.jsonl").open("w", encoding="ascii")
                assert file is not None
                file.write(draft.to_line() + "\n")
                many += 1
        finally:
            if file is not None:
                file.close()

    def __iter__(self) -> Iterator[Draft]:
        for path in self.files:
            with path.open("rb") as lines:
                for line in lines:
                    yield Draft.from_line(line)

    def at(self, places: Sequence[tuple[int, int]]) -> Iterator[Draft]:
        """The drafts at (file, line), which must be in order."""
        files, wanted = self.files, iter(places)
        place = next(wanted, None)
        while place is not None:
            number = place[0]
            with files[number].open("rb") as lines:
                for line_number, line in enumerate(lines):
                    if place is None or place[0] != number:
                        break
                    if line_number == place[1]:
                        yield Draft.from_line(line)
                        place = next(wanted, None)


@dataclass(frozen=True)
class Benchmarks:
    """The texts of benchmarks, and which of them an n-gram is of."""

    n: int
    share: float
    names: tuple[str, ...]
    """Of each text, the file it is from."""
    grams: tuple[frozenset[int], ...]
    owners: dict[int, array[int]]
    """n-gram → its texts."""

    @classmethod
    def read(cls, paths: Sequence[str], n: int, share: float) -> Benchmarks:
        """Of files, folders and globs.

        Raises:
            ProgramError: a file that cannot be read, or that protects nothing.
        """
        from synthetic1.datagen.curation.blocks import Grams

        grams = Grams(n)
        names: list[str] = []
        found: list[frozenset[int]] = []
        owners: dict[int, array[int]] = defaultdict(lambda: array("l"))
        for path, name in benchmark_files(paths):
            try:
                kind = kind_of(path.name)
                if kind is not None and kind.rows == "array" and kind.packing:
                    path = as_lines(path, name)
                for text in benchmark_texts(path):
                    mine = frozenset(grams.of(text))
                    for gram in mine:
                        owners[gram].append(len(found))
                    names.append(name)
                    found.append(mine)
            except (OSError, ValueError) as error:
                raise ProgramError(f"decontaminate.benchmarks: {error}") from error
        return cls(n, share, tuple(names), tuple(found), dict(owners))

    @cached_property
    def _grams(self) -> Grams:
        from synthetic1.datagen.curation.blocks import Grams

        return Grams(self.n)

    def source_of(self, text: str) -> str | None:
        """The benchmark of which ``text`` holds a problem: so large a share of its n-grams as ``share`` says."""
        mine = set(self._grams.of(text))
        shared: dict[int, int] = defaultdict(int)
        for gram in mine:
            for owner in self.owners.get(gram, ()):
                shared[owner] += 1
        for owner in sorted(shared):
            if shared[owner] >= max(1.0, self.share * len(self.grams[owner])):
                return self.names[owner]
        return None


def benchmark_files(specs: Sequence[str]) -> list[tuple[Path, str]]:
    """The files that ``decontaminate.benchmarks`` names and what to call them, in order. Of a folder, named or matched
    by a glob, all files at any depth that hold rows or text, of every kind: what is passed over is not protected.

    Raises:
        ProgramError: there is no such file, or nothing in the folder that problems are read from.
    """
    found: list[tuple[Path, str]] = []
    for spec in specs:
        path = Path(spec).expanduser()
        matches = [path] if path.exists() else [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
        folders = [match for match in matches if match.is_dir()]
        named: dict[Path, str] = {}  # `**` matches a folder and what is in it
        for folder in folders:
            for file in _problems_in(folder):
                named.setdefault(file, str(file.relative_to(folder.parent)))
        for file in matches:
            if file.is_file() and not any(folder in file.parents for folder in folders):
                named[file] = file.name
        if not named:
            held = "the folder holds no file of rows and no text (.jsonl, .json, .parquet, .txt)"
            nothing = held if folders else "there is no such file or folder"
            raise ProgramError(f"decontaminate.benchmarks: {spec}: {nothing}")
        found += sorted(named.items())
    return names_apart(found)


def _problems_in(folder: Path) -> list[Path]:
    """All files in ``folder``, at any depth, that problems are read from, by path."""
    return [
        file
        for file in sorted(folder.rglob("*"))
        if (kind_of(file.name) is not None or file.suffix.lower() == ".txt")
        and file.name not in ABOUT_ROWS
        and not is_hidden(file, folder)
        and file.is_file()
    ]


def drop_contaminated(
    drafts: DraftFiles,
    benchmarks: Benchmarks,
    store: WorkStore,
    folder: Path,
    *,
    workers: int | None,
    sift: SiftSettings | None = None,
    ray: RaySection | None = None,
    tidy: bool = True,
) -> set[int]:
    """Drop every draft that holds a problem of a benchmark; the numbers of those dropped.

    Args:
        folder: where datatrove works. What an earlier process has done of the same work there is not done again.
        workers: as many processes, jobs, or parts at once on Ray; None = as many as there are cores, or parts.
        sift: where; None = here.
        ray: the cluster of ``sift.executor=ray``.
        tidy: remove ``folder`` at the end.
    """
    from synthetic1.datagen.curation.blocks import find_contaminated, write_index

    index, files = folder / "index", [str(path) for path in drafts.files]
    write_index(set(benchmarks.owners), index)
    executor = _executor(sift, workers, ray)
    places = list(find_contaminated(files, index, folder, n=benchmarks.n, executor=executor)) if files else []
    gone = set()
    for draft in drafts.at(places):
        if (name := benchmarks.source_of(draft.text)) is not None:
            store.leave(draft.number, draft.where, Dropped(CONTAMINATION, "benchmark", f"a problem of {name}"))
            gone.add(draft.number)
    if tidy:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def _executor(sift: SiftSettings | None, workers: int | None, ray: RaySection | None) -> BlockExecutor:
    """The one that the settings name; ``workers=None``: as many as there are cores, or parts."""
    from synthetic1.datagen.curation.executors.local_processes import LocalProcesses
    from synthetic1.datagen.curation.executors.ray_nodes import RayNodes
    from synthetic1.datagen.curation.executors.slurm import SlurmJobs

    if sift is not None and sift.executor == "slurm":
        return SlurmJobs(sift.slurm, workers)
    if sift is not None and sift.executor == "ray":
        return RayNodes(ray or RaySection(), workers)
    return LocalProcesses(workers or len(os.sched_getaffinity(0)))


def drop_duplicates(
    drafts: DraftFiles,
    recipe: CurationRecipe,
    store: WorkStore,
    folder: Path,
    *,
    gone: set[int],
    workers: int | None,
    seed: int,
    sift: SiftSettings | None = None,
    ray: RaySection | None = None,
    tidy: bool = True,
) -> None:
    """Drop every draft that is a duplicate of an earlier one, which takes what it adds.

    Args:
        folder, workers, sift, ray, tidy: as of ``drop_contaminated``.
        gone: numbers of drafts that count no more.
    """
    from synthetic1.datagen.curation.blocks import find_clusters

    files = [str(path) for path in drafts.files]
    executor = _executor(sift, workers, ray)
    found = list(find_clusters(files, folder, executor=executor, seed=seed)) if files else []
    places = [(file, place) for file, place, _ in found]
    clusters: dict[int, _Cluster] = defaultdict(_Cluster)
    left: dict[int, int] = defaultdict(int)
    for _, _, cluster in found:
        left[cluster] += 1
    for (_, _, cluster), draft in zip(found, drafts.at(places), strict=True):
        left[cluster] -= 1
        if draft.number not in gone:
            _drop_duplicate(draft, clusters[cluster], recipe, store)
        if not left[cluster]:
            clusters.pop(cluster, None)  # no more of this one will come: nothing of it stays in memory
    if tidy:
        shutil.rmtree(folder, ignore_errors=True)


class _Cluster:
    """The drafts of a cluster that are kept so far. Of a template there may be thousands, so a draft is compared with
    those that have its numbers, which a duplicate nearly always has, and with the first ones."""

    def __init__(self) -> None:
        self.kept: list[Draft] = []
        self._by_numbers: dict[frozenset[tuple[str, int]], list[int]] = defaultdict(list)
        self._room = ROOM

    def original_of(self, draft: Draft, recipe: CurationRecipe) -> int | None:
        """The place of the one that ``draft`` is a duplicate of."""
        alike = self._by_numbers.get(_numbers_of(draft), [])[:COMPARED]
        others = (place for place in range(min(COMPARED, len(self.kept))) if place not in alike)
        return next((place for place in (*alike, *others) if recipe.is_duplicate(self.kept[place], draft)), None)

    def keep(self, draft: Draft) -> None:
        size = len(draft.to_line())
        if size <= self._room or len(self.kept) < COMPARED:
            self._room -= size
            self._by_numbers[_numbers_of(draft)].append(len(self.kept))
            self.kept.append(draft)


def _numbers_of(draft: Draft) -> frozenset[tuple[str, int]]:
    return frozenset(numbers(draft.text).items())


def _drop_duplicate(draft: Draft, cluster: _Cluster, recipe: CurationRecipe, store: WorkStore) -> None:
    place = cluster.original_of(draft, recipe)
    if place is None:
        cluster.keep(draft)
        return
    original = cluster.kept[place]
    reason = recipe.duplicate_reason(original, draft)
    store.leave(draft.number, draft.where, Dropped(DUPLICATES, reason, f"of {original.where}"))
    merged = recipe.merge(original, draft)
    if merged is not original:
        cluster.kept[place] = merged
        store.merge(merged)
