"""deploy/cluster/: each file is read as its tool reads it, and what it runs is run, as far as one machine goes."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import one_node_slurm
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "deploy/cluster"
BIN = Path(sys.executable).parent
KUBERNETES = list(yaml.safe_load_all((FILES / "kubernetes.yaml").read_text()))
SKYPILOT = yaml.safe_load((FILES / "skypilot.yaml").read_text())
ASKED = "import ray; ray.init('auto', logging_level='ERROR'); print('has', ray.cluster_resources().get('sandbox'))"


def scripts():
    yield "slurm.sh", (FILES / "slurm.sh").read_text()
    for part in ("setup", "run"):
        yield f"skypilot.yaml: {part}", SKYPILOT[part]


@pytest.mark.parametrize(("name", "script"), list(scripts()), ids=lambda value: value if len(value) < 40 else "")
def test_scripts_are_bash(name, script):
    ended = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, ""), name


def start_options():
    """What `ray start` knows."""
    said = subprocess.run([BIN / "ray", "start", "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"--([a-z-]+)", said))


def test_kuberay_starts_ray_with_what_ray_knows(ray_installed):
    cluster = KUBERNETES[0]
    assert (cluster["apiVersion"], cluster["kind"]) == ("ray.io/v1", "RayCluster")
    groups = [cluster["spec"]["headGroupSpec"], *cluster["spec"]["workerGroupSpecs"]]
    known = start_options()
    for group in groups:
        params = group["rayStartParams"]
        assert all(isinstance(value, str) for value in params.values())  # KubeRay's own type
        assert set(params) <= known
    import ray

    assert cluster["spec"]["rayVersion"] == ray.__version__  # as locked: nodes and driver want the same


def test_kuberay_gives_workers_a_sandbox_through_its_shell():
    (workers,) = KUBERNETES[0]["spec"]["workerGroupSpecs"]
    command = f"printf %s --resources={workers['rayStartParams']['resources']}"  # as KubeRay writes it
    said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
    assert json.loads(said.partition("=")[2]) == {"sandbox": 1}
    pod = workers["template"]["spec"]
    (container,) = pod["containers"]
    # What docs/serve.md wants of a container for bubblewrap.
    assert pod["hostUsers"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "Unconfined"},
        "appArmorProfile": {"type": "Unconfined"},
        "procMount": "Unmasked",
    }
    assert container["resources"]["limits"]["cpu"] == container["resources"]["requests"]["cpu"]


def test_kubernetes_names_fit_together():
    cluster, claim = KUBERNETES
    head = cluster["spec"]["headGroupSpec"]["template"]["spec"]
    (volume,), (mount,) = head["volumes"], head["containers"][0]["volumeMounts"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert mount["name"] == volume["name"]
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    assert f"WORKDIR {head['containers'][0]['workingDir']}" in dockerfile
    assert mount["mountPath"] == f"{head['containers'][0]['workingDir']}/runs"
    user = head["securityContext"]["runAsUser"]
    assert f"useradd --uid {user}" in dockerfile
    for argument in re.findall(r"--build-arg (\w+)=", (FILES / "kubernetes.yaml").read_text()):
        assert f"ARG {argument}=" in dockerfile


def extras_named():
    for name in ("kubernetes.yaml", "skypilot.yaml"):
        found = re.search(r"EXTRAS=([a-z,]+)|'\.\[([a-z,]+)\]'", (FILES / name).read_text())
        yield name, (found[1] or found[2]).split(",")


@pytest.mark.parametrize(("name", "extras"), list(extras_named()), ids=["kubernetes", "skypilot"])
def test_extras_are_ours(name, extras):
    import tomllib

    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras) <= set(ours)
    assert "ray" in extras


def alone(tmp_path):
    """A folder with a `ray` that sees no process of others: Ray looks for its like on the machine, and stops them."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "ray"
    inside = f"PATH={shlex.quote(str(BIN))}:$PATH exec unshare --pid --fork --mount-proc"  # where `ray` is Ray's own
    script.write_text(f'#!/bin/sh\n{inside} ray "$@"\n')
    script.chmod(0o755)
    return folder


@pytest.fixture
def as_root(require):
    require("a process namespace of one's own", os.geteuid() == 0 and shutil.which("unshare"), "run as root")


@pytest.mark.integrations
def test_slurm_runs_the_command_on_a_cluster_of_its_nodes(ray_installed, require, as_root, tmp_path):
    require("Slurm", one_node_slurm.is_installed(), "apt-get install --no-install-recommends slurmctld slurmd")
    with one_node_slurm.one_node_slurm(tmp_path / "slurm") as environment:
        path = f"{alone(tmp_path)}:{BIN}:{environment.get('PATH', os.environ['PATH'])}"
        ended = subprocess.run(
            ["sbatch", "--wait", "--nodes=1", "-o", "log", str(FILES / "slurm.sh"), str(BIN / "python"), "-c", ASKED],
            cwd=tmp_path,
            env={**environment, "PATH": path},
            capture_output=True,
            text=True,
            timeout=300,
        )
    log = (tmp_path / "log").read_text()
    assert ended.returncode == 0, ended.stderr + log
    assert "has 1.0" in log


def test_slurm_without_a_command_says_so():
    ended = subprocess.run(["bash", str(FILES / "slurm.sh")], capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr.startswith("slurm.sh: which command?")


def test_skypilot_runs_the_command_on_the_first_machine_alone(tmp_path):
    home = tmp_path / "home"
    (home / "synthetic1/bin").mkdir(parents=True)
    (home / "synthetic1/bin/activate").write_text(f"export PATH={shlex.quote(str(BIN))}:$PATH\n")
    (home / "sky_templates/ray").mkdir(parents=True)
    (home / "sky_templates/ray/start_cluster").write_text("#!/bin/sh\necho started\n")
    (home / "sky_templates/ray/start_cluster").chmod(0o755)
    said = {}
    for rank in ("0", "1"):
        environment = {"HOME": str(home), "PATH": os.environ["PATH"], "SKYPILOT_NODE_RANK": rank}
        environment |= {"COMMAND": 'echo "at $RAY_ADDRESS"'}
        ended = subprocess.run(["bash", "-c", SKYPILOT["run"]], env=environment, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        said[rank] = ended.stdout.split("\n")
    assert said == {"0": ["started", "at 127.0.0.1:6379", ""], "1": ["started", ""]}


def commands():
    """The commands of ours that the files name."""
    for path in sorted(path for path in FILES.iterdir() if path.is_file()):
        text = textwrap.dedent(path.read_text().replace("\\\n#", ""))
        for found in re.findall(r"synthetic1 ((?:verify|generate)\b[^'\"\n]*)", text):
            yield path.name, found.strip()


@pytest.mark.parametrize(("name", "command"), sorted(set(commands())))
def test_commands_of_ours_are_ones(name, command):
    program, *rest = shlex.split(command.replace("…", "x"))
    settings = {"verify": "synthetic1.datagen.verify_settings:VerifySettings"}
    settings["generate"] = "synthetic1.datagen.generation.settings:GenerateSettings"
    module, _, cls = settings[program].partition(":")
    known = getattr(importlib.import_module(module), cls).model_fields
    for override in rest:
        field = override.partition("=")[0].partition(".")[0]
        assert field in known or field == "model", (name, override)
