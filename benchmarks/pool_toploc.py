"""TOPLOC proofs: processor time to build and to verify one, ours and toploc's.

    python benchmarks/pool_toploc.py [--quick] [--json benchmarks/results/pool_toploc.json] [--toploc FOLDER]

``FOLDER`` is where toploc is installed. Its wheels of 0.1.6 do not load with newer torch; compiled here they do, and
depend on nothing that is not there (two compilations of C++, some minutes):

    pip install --no-deps --no-build-isolation --no-binary toploc --target FOLDER toploc==0.1.6

Without it the reference is toploc's algorithm in plain Python alone (Newton's divided differences, Horner), which is
measured in any case; its top k is torch's. Chunks are 32 rows of 5120 values: normal, and with a few large channels as
hidden states have them. All contenders build the same bytes, which is checked, and take each chunk in an order of its
own.
"""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from time import process_time
from typing import Any

import numpy as np
import torch
from record import arguments, report

from synthetic1.pool.toploc.building import build_proofs
from synthetic1.pool.toploc.field import PRIME
from synthetic1.pool.toploc.format import ProofFormat
from synthetic1.pool.toploc.verifying import verify_proofs

ROWS, WIDTH, TOPK = 32, 5120, 128
FORMAT = ProofFormat(ROWS, TOPK, skip_prefill=True)
CHUNKS = 64  # of each kind
OURS, OURS_NUMPY, PYTHON = "ours", "ours, of numpy's bits", "toploc's algorithm in Python"
Way = tuple[Callable[[torch.Tensor], bytes], Callable[[torch.Tensor, bytes], tuple[float, ...]]]


def activations(rng: np.random.Generator, kind: str) -> torch.Tensor:
    """One chunk of bfloat16."""
    values = rng.standard_normal((ROWS, WIDTH))
    if kind == "a few large channels":
        values *= np.where(rng.random(WIDTH) < 0.001, 40.0, 1.0)
    return torch.from_numpy(values.astype(np.float32)).to(torch.bfloat16)


# The contenders ------------------------------------------------------------------------------------------------------


def build_ours(chunk: torch.Tensor) -> bytes:
    return build_proofs(chunk, FORMAT)[0].to_bytes()


def verify_ours(chunk: torch.Tensor, proof: bytes) -> tuple[float, ...]:
    (found,) = verify_proofs(chunk, [proof], FORMAT)
    return found.exp_mismatches, found.mant_err_mean, found.mant_err_median


def bits_of(chunk: torch.Tensor) -> Any:
    return chunk.view(torch.int16).numpy().view(np.uint16)


def largest(chunk: torch.Tensor) -> tuple[list[int], list[int]]:
    """Indices and bits of the largest values of a chunk."""
    flat = chunk.view(-1)
    indices = flat.abs().topk(TOPK).indices
    return indices.tolist(), [bits % 2**16 for bits in flat[indices].view(torch.int16).tolist()]


def build_in_python(chunk: torch.Tensor) -> bytes:
    indices, values = largest(chunk)
    modulus = next(m for m in range(PRIME, 2**15, -1) if len({i % m for i in indices}) == TOPK)
    places = [index % modulus for index in indices]
    differences = [value % PRIME for value in values]
    for k in range(1, TOPK):
        for i in range(TOPK - 1, k - 1, -1):
            inverse = pow(places[i] - places[i - k], -1, PRIME)
            differences[i] = (differences[i] - differences[i - 1]) * inverse % PRIME
    coefficients = [0] * TOPK
    for i in range(TOPK - 1, -1, -1):  # Horner, over polynomials: times (x - place), plus the difference
        place = places[i]
        for j in range(TOPK - 1 - i, 0, -1):
            coefficients[j] = (coefficients[j - 1] - place * coefficients[j]) % PRIME
        coefficients[0] = (differences[i] - place * coefficients[0]) % PRIME
    return b"".join(number.to_bytes(2, "big") for number in [modulus, *coefficients])


def verify_in_python(chunk: torch.Tensor, proof: bytes) -> tuple[float, ...]:
    modulus, *coefficients = (int.from_bytes(proof[i : i + 2], "big") for i in range(0, len(proof), 2))
    coefficients.reverse()
    mantissas = []
    for index, own in zip(*largest(chunk), strict=True):
        said = 0
        for coefficient in coefficients:
            said = (said * (index % modulus) + coefficient) % PRIME
        if (said ^ own) & 0x7F80 == 0:
            mantissas.append(abs((said & 0x7F) - (own & 0x7F)))
    if not mantissas:
        return TOPK, 2.0**64, 2.0**64
    return TOPK - len(mantissas), sum(mantissas) / len(mantissas), float(statistics.median_high(mantissas))


def toplocs_own() -> Way:
    """toploc's functions for a 2-D tensor, which run in its C++."""
    import toploc.poly as theirs

    def build(chunk: torch.Tensor) -> bytes:
        proof: bytes = theirs.build_proofs_bytes(chunk, ROWS, TOPK, skip_prefill=True)[0]
        return proof

    def verify(chunk: torch.Tensor, proof: bytes) -> tuple[float, ...]:
        (found,) = theirs.verify_proofs_bytes(chunk, [proof], ROWS, TOPK, skip_prefill=True)
        return found.exp_mismatches, found.mant_err_mean, found.mant_err_median

    return build, verify


# The measurement -----------------------------------------------------------------------------------------------------


def measured(contenders: dict[str, Way], chunks: Sequence[torch.Tensor]) -> dict[str, dict[str, list[float]]]:
    """By contender, the processor time of each chunk, ``build`` and ``verify``, in ms.

    A validator's activations are not the worker's to the last bit: they are verified with 1% of noise.
    """
    spent: dict[str, dict[str, list[float]]] = {name: {"build": [], "verify": []} for name in contenders}
    for number, chunk in enumerate([chunks[0], *chunks]):  # the first one twice, to warm up
        own = (chunk.float() * (1 + 0.01 * torch.randn(chunk.shape))).to(torch.bfloat16)
        said: set[tuple[bytes, tuple[float, ...]]] = set()
        for name in random.Random(number).sample(list(contenders), len(contenders)):
            build, verify = contenders[name]
            start = process_time()
            proof = build(chunk)
            built = process_time()
            errors = verify(own, proof)
            end = process_time()
            said.add((proof, errors))
            if number:
                spent[name]["build"].append(1e3 * (built - start))
                spent[name]["verify"].append(1e3 * (end - built))
        if len(said) != 1:
            raise SystemExit(f"chunk {number}: contenders disagree about the proof, or its errors")
    return spent


def main() -> None:
    options = arguments(__doc__ or "", toploc=(str, "folder that toploc is installed in"))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    contenders: dict[str, Way] = {
        OURS: (build_ours, verify_ours),
        OURS_NUMPY: (
            lambda chunk: build_proofs(bits_of(chunk), FORMAT)[0].to_bytes(),
            lambda chunk, proof: verify_ours(bits_of(chunk), proof),
        ),
        PYTHON: (build_in_python, verify_in_python),
    }
    reference = PYTHON
    if options.toploc:
        sys.path.append(options.toploc)
        reference = f"toploc {metadata.version('toploc')}, C++"
        contenders[reference] = toplocs_own()
    rows, totals = [], dict.fromkeys(((name, act) for name in contenders for act in ("build", "verify")), 0.0)
    rng = np.random.default_rng(0)
    for kind in ("normal", "a few large channels"):
        chunks = [activations(rng, kind) for _ in range(CHUNKS // 8 if options.quick else CHUNKS)]
        for name, acts in measured(contenders, chunks).items():
            row: dict[str, Any] = {"activations": kind, "contender": name}
            for act, times in acts.items():
                row[f"{act}_ms"] = round(statistics.median(times), 3)
                totals[name, act] += row[f"{act}_ms"]
            rows.append({**row, "chunks": len(chunks)})
    ratios = {f"toploc_{act}_vs_reference": totals[OURS, act] / totals[reference, act] for act in ("build", "verify")}
    goal = "≤ 0.25, of Python" if reference == PYTHON else "≤ 1, of C++"
    packages = ("numpy", "torch", "toploc")
    report(rows, ratios, packages=packages, json_file=options.json, targets=dict.fromkeys(ratios, goal))


if __name__ == "__main__":
    main()
