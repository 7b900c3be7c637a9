"""deploy/: the image is built and `docker compose up` run, as docs/serve.md says; programs run inside of the container.

The base image is the one that `synthetic1 sandbox build` leaves, and wheels are brought along: no image registry is
needed, and no index from within the build.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from synthetic1 import open_tasks
from synthetic1.rewards.registry import get_verifier
from synthetic1.sandbox.docker.engine import connect_engine, engine_address
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.sandbox.image.build import provide_base

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
KEY = "a-key-for-the-container"
IMAGE = "synthetic1-serve:test"
SOURCES = ("src", "configs", "datagen", "envs", "rewards", "trainers", "deploy")
FILES = ("pyproject.toml", "README.md", "LICENSE", ".dockerignore")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def engine(require):
    try:
        engine = connect_engine(engine_address())
    except SandboxUnavailable as error:
        require(f"a Docker engine ({error})", False, "apt-get install docker.io debootstrap && dockerd &")
    networks = {network["Name"] for network in engine.networks()}
    require("a network of the engine's own", "bridge" in networks, "start dockerd without --bridge=none")
    provide_base(engine)
    return engine


@pytest.fixture(scope="module")
def compose(require):
    """The command: of Docker itself, or the older program of its own."""
    if shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        return ["docker", "compose"]
    require("docker compose", shutil.which("docker-compose"), "apt-get install docker-compose")
    return ["docker-compose"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of what the build sees, with a wheelhouse and a key."""
    folder = tmp_path_factory.mktemp("deployment")
    for name in FILES:
        shutil.copy2(ROOT / name, folder / name)
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "wheelhouse"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [
        line for extra in ("serve", "judge") for line in project["optional-dependencies"][extra]
    ]
    house = folder / "deploy/wheelhouse"
    house.mkdir()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--only-binary=:all:"]
    run(*pip, "--dest", house, *wanted, "setuptools>=77")
    (folder / "deploy/api_key").write_text(KEY)
    return folder


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def composed(engine, compose, sources):
    """URL and container of the server, which runs as compose.yaml says."""
    port = free_port()
    proxies = {name: os.environ[name] for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ}
    build = {"network": "host", "args": {"PIP_NO_INDEX": "1", **proxies}}  # where the engine's own has no way out
    more = {"services": {"rewards": {"image": IMAGE, "build": build, "healthcheck": {"interval": "1s"}}}}
    (sources / "deploy/test.json").write_text(json.dumps(more))
    env = {**os.environ, "SYNTHETIC1_PORT": str(port), "DOCKER_BUILDKIT": "0", "COMPOSE_DOCKER_CLI_BUILD": "0"}
    place = {"cwd": sources, "env": env}
    command = [*compose, "-p", f"synthetic1-test-{port}", "-f", "deploy/compose.yaml", "-f", "deploy/test.json"]
    try:
        run(*command, "up", "--build", "-d", **place)
        [container] = run(*command, "ps", "-q", **place).split()
        yield f"http://127.0.0.1:{port}", container
        run(*command, "stop", **place)
        assert engine.inspect_container(container)["State"]["ExitCode"] == 0
    finally:
        subprocess.run([*command, "down", "--volumes"], capture_output=True, **place)


def ask(url, body=None, key=KEY):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, None


def wait_until(condition):
    until = time.monotonic() + 120
    while not (found := condition()) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def scores(url, family):
    """Of a right and a wrong completion."""
    task = open_tasks(f"embedded:{family}")[0]
    gold = get_verifier(task.task_type).gold_completion(task)
    texts = (gold, "```python\nprint(1)\n``` \\boxed{none}")
    return [ask(f"{url}/v1/score", {"task": task.to_row(), "completion": text}) for text in texts]


def test_compose_up_serves(engine, composed):
    url, container = composed
    assert wait_until(lambda: ask(f"{url}/readyz", key=None)[0] == 200)
    assert ask(f"{url}/v1/families", key=None)[0] == 401
    assert [(status, verdict["score"]) for status, verdict in scores(url, "math")] == [(200, 1), (200, 0)]
    [(status, verdict), _] = scores(url, "code")
    assert (status, verdict["reason"]) == (200, "unscorable_task")  # not among the families of compose.yaml
    facts = engine.inspect_container(container)
    assert facts["Config"]["User"].startswith("10001")
    assert facts["HostConfig"]["ReadonlyRootfs"]
    assert KEY not in json.dumps(facts)
    assert wait_until(lambda: engine.inspect_container(container)["State"]["Health"]["Status"] == "healthy")


def test_programs_run_inside_of_the_container(composed, compose, sources):
    """With the options of compose.code.yaml, which the older program cannot pass on."""
    code = yaml.safe_load((ROOT / "deploy/compose.code.yaml").read_text())["services"]["rewards"]
    base = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]["rewards"]
    options = [part for option in code["security_opt"] for part in ("--security-opt", option)]
    options += ["--cap-drop", *base["cap_drop"], "--read-only", "--tmpfs", *base["tmpfs"], "--user", base["user"]]
    port, name = free_port(), f"synthetic1-code-{os.getpid()}"
    mount = ["-v", f"{sources}/deploy/api_key:/run/secrets/api_key:ro", "-p", f"127.0.0.1:{port}:8080"]
    run("docker", "run", "--rm", "-d", "--name", name, *options, *mount, IMAGE, *code["command"])
    try:
        url = f"http://127.0.0.1:{port}"
        assert wait_until(lambda: ask(f"{url}/readyz", key=None)[0] == 200), run("docker", "logs", name)
        found = scores(url, "code")
        assert [(status, verdict["score"]) for status, verdict in found] == [(200, 1), (200, 0)]
        assert found[0][1]["details"]["sandbox"] == "bubblewrap"
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True)
