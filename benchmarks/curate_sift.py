"""Looking for duplicates and contamination, by ours, by datatrove's blocks alone, by text-dedup: each in a process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate_texts import Prompts, write_benchmarks
from generate_scale import reported_mb, resident_mb

N, SHARE, SEED = 8, 0.5, 0  # as configs/curate.yaml has them
TEXT_DEDUP = "text-dedup==0.4.0"


@dataclass(frozen=True)
class Sifted:
    """What a process did, and what it took."""

    said: dict[str, Any]
    """Seconds by step, imports left out, and what was found."""
    peak_gb: float
    """Resident memory of the process and its children, added up: what they share is counted more than once."""

    cpu_s: float
    """Of the process, without its imports, and of those it started, as last seen before they ended."""

    @property
    def seconds(self) -> float:
        return float(self.said["contamination_s"] + self.said["duplicates_s"])


def write_input(folder: Path, count: int) -> None:
    """The drafts, the same texts for datatrove's reader in as many files, the benchmarks and their index."""
    from synthetic1.datagen.curation.blocks import write_index
    from synthetic1.datagen.curation.draft import Draft
    from synthetic1.datagen.curation.sifting import Benchmarks, DraftFiles

    solution = "We add the first to the second, take away what was given, and divide the rest by the people. " * 5

    def drafts() -> Iterator[Draft]:
        for number, (text, answer) in enumerate(Prompts(SEED).texts(count)):
            data = {"statement": text, "answer": str(answer % 97), "solution": solution}
            origin = {"dataset": "numina", "file": "numina.jsonl", "row": number + 1}
            yield Draft(number, f"numina.jsonl, row {number + 1}", text, data, origin, {"answer_from": "answer"})

    files = DraftFiles(folder / "drafts")
    files.write(drafts())
    (folder / "texts").mkdir()
    for path in files.files:
        with path.open() as lines, (folder / "texts" / path.name).open("w") as out:
            for line in lines:
                draft = Draft.from_line(line)
                out.write(json.dumps({"text": draft.text, "id": str(draft.number)}) + "\n")
    names = write_benchmarks(folder / "benchmarks")
    write_index(set(Benchmarks.read(names, N, SHARE).owners), folder / "index")


def ours(folder: Path, workers: int) -> dict[str, Any]:
    """The whole step as a run of curation does it: benchmarks read, drafts compared in full, outcomes stored."""
    from synthetic1.datagen.curation import blocks  # noqa: F401  # imports are not what is measured
    from synthetic1.datagen.curation.recipes.math import MathCuration, MathRecipe
    from synthetic1.datagen.curation.recipes.mathematics import golds  # noqa: F401
    from synthetic1.datagen.curation.sifting import Benchmarks, DraftFiles, drop_contaminated, drop_duplicates
    from synthetic1.datagen.curation.work_store import WorkStore

    drafts, recipe = DraftFiles(folder / "drafts"), MathRecipe(MathCuration())
    for path in folder.glob("work.sqlite*"):
        path.unlink()
    store = WorkStore(folder / "work.sqlite")
    before, began = time.process_time(), time.perf_counter()
    benchmarks = Benchmarks.read(sorted(str(path) for path in (folder / "benchmarks").iterdir()), N, SHARE)
    gone = drop_contaminated(drafts, benchmarks, store, folder / "contamination", workers=workers)
    half_way = time.perf_counter()
    drop_duplicates(drafts, recipe, store, folder / "minhash", gone=gone, workers=workers, seed=SEED)
    store.commit()
    ended = time.perf_counter()
    found = {reason: many for _, _, reason, many in store.gone_counts()}
    store.close()
    return {
        "contamination_s": half_way - began,
        "duplicates_s": ended - half_way,
        "imports_s": before,
        "contaminated": len(gone),
        "duplicates": sum(found.values()) - len(gone),
    }


def datatrove(folder: Path, workers: int) -> dict[str, Any]:
    """The blocks as datatrove's examples put them together, with the words, n-grams and buckets of ours."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.decont.n_grams import NGramsDecontFilter
    from datatrove.pipeline.dedup.minhash import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )

    from synthetic1.datagen.curation import blocks
    from synthetic1.datagen.curation.blocks import Words, contamination_config, minhash_config

    texts = sorted(str(path) for path in (folder / "texts").iterdir())
    norm = replace(blocks.NORM, norm_unicode_diacritics=True)  # as it is there; ours does the same in ``Words``
    config, decont = replace(minhash_config(SEED), norm_config=norm), contamination_config(N)
    files, home = len(texts), folder / "datatrove"
    signatures, buckets, clusters = (str(home / name) for name in ("signatures", "buckets", "clusters"))
    shutil.rmtree(home, ignore_errors=True)
    removed: dict[str, int] = {}

    def run(name: str, tasks: int, *pipeline: Any) -> None:
        most = min(workers, files, tasks)
        done = LocalPipelineExecutor(list(pipeline), tasks=tasks, workers=most, logging_dir=str(home / name)).run()
        removed[name] = sum(step.stats["dropped"].total for step in done.stats if "dropped" in step.stats)

    def reader() -> Any:
        return blocks.DraftTexts(texts)  # datatrove's own, for which orjson has to be installed, does more a row

    contaminated = NGramsDecontFilter(str(folder / "index"), replace(decont, norm_config=norm), language=Words(N))
    before, began = time.process_time(), time.perf_counter()
    run("decont", files, reader(), contaminated)
    half_way = time.perf_counter()
    run("sign", files, reader(), MinhashDedupSignature(signatures, config, language=Words(blocks.SHINGLE)))
    run("match", blocks.BUCKETS, MinhashDedupBuckets(signatures, buckets, config=config))
    run("cluster", 1, MinhashDedupCluster(buckets, clusters, config))
    run("filter", files, reader(), MinhashDedupFilter(clusters))
    ended = time.perf_counter()
    return {
        "contamination_s": half_way - began,
        "duplicates_s": ended - half_way,
        "imports_s": before,
        "contaminated": removed["decont"],
        "duplicates": removed["filter"],
    }


def _cpu_seconds(pid: int) -> dict[int, float]:
    """Seconds of processors that a process and its children have taken, by process; nothing of those that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return {}
    found = {pid: (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")}
    for child in children:
        found |= _cpu_seconds(int(child))
    return found


def sift(name: str, folder: Path, workers: int) -> Sifted:
    """Run ``ours`` or ``datatrove`` in a process of its own; its memory is looked at as it runs.

    Raises:
        RuntimeError: it failed; says how.
    """
    code = (
        f"import json, sys; sys.path.insert(0, sys.argv[1]); import curate_sift; from pathlib import Path\n"
        f"said = curate_sift.{name}(Path(sys.argv[2]), int(sys.argv[3]))\n"
        f"print(json.dumps([said, Path('/proc/self/status').read_text()]))"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent), str(folder), str(workers)]
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=os.environ | {"OMP_NUM_THREADS": "1"})
        peak, taken = 0.0, dict[int, float]()
        try:
            while process.poll() is None:
                peak = max(peak, resident_mb(process.pid))
                taken |= _cpu_seconds(process.pid)
                time.sleep(0.1)
        except BaseException:
            process.kill()
            raise
        errors.seek(0)
        output.seek(0)
        if process.returncode:
            lines = errors.read().decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise RuntimeError(f"{name} failed: {lines[-1][:300]}")
        said, status = json.loads(output.read().decode().splitlines()[-1])
    return Sifted(said, max(peak, reported_mb(status)) / 1000, sum(taken.values()) - said["imports_s"])


# text-dedup -----------------------------------------------------------------------------------------------------------


def text_dedup(folder: Path, workers: int) -> tuple[float, int] | None:
    """Seconds of text-dedup's MinHash, with as many words a shingle, buckets and hashes, and the texts it leaves.

    None where it cannot be had.

    Where it is missing it is installed, into an environment of its own.
    """
    from synthetic1.datagen.curation.blocks import BUCKETS, HASHES, SHINGLE

    python = Path(tempfile.gettempdir()) / "synthetic1-benchmarks" / "text-dedup" / "bin" / "python"
    ready = python.parent.parent / "ready"
    if not ready.is_file():
        print("installing text-dedup into an environment of its own …", flush=True)
        try:
            venv.create(python.parent.parent, clear=True, with_pip=True)
            install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", TEXT_DEDUP]
            subprocess.run(install, check=True, capture_output=True, text=True, timeout=900)
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            print(f"left out: text-dedup cannot be installed ({said[-1][:200]})")
            return None
        ready.touch()
    options = {
        "path": "json",
        "data_files": str(folder / "texts" / "*.jsonl"),
        "split": "train",
        "cache_dir": str(folder / "hf"),
        "output": str(folder / "text-dedup"),
        "column": "text",
        "ngram": SHINGLE,
        "min_length": 1,
        "num_perm": BUCKETS * HASHES,
        "b": BUCKETS,
        "r": HASHES,
        "num_proc": workers,
    }
    command = [str(python), "-m", "text_dedup.minhash"]
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    quiet = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "HF_DATASETS_OFFLINE": "1"}
    quiet["COLUMNS"] = "200"  # it breaks its lines
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, cwd=folder)
    if done.returncode:
        said = (done.stderr.strip() or "no reason given").splitlines()
        print(f"left out: text-dedup failed ({said[-1][:200]})")
        return None
    seconds, left = time.perf_counter() - began, re.search(r"After\s*:\s*(\d+)", done.stdout + done.stderr)
    return seconds, int(left[1]) if left else 0
