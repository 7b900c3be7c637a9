"""``launch=ray`` with vLLM itself, on two nodes without GPUs: both serve the embedded model, and end with the run."""

from __future__ import annotations

import importlib.util
import signal
from itertools import pairwise
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from cluster_runs import ClusterRuns, until
from raylets import RayletCluster
from vllm_process import MODEL, QUICK

pytestmark = [pytest.mark.vllm, pytest.mark.integrations]
API = b"vllm.entrypoints.openai.api_server"


@pytest.fixture
def cluster(require, kept_vllm):
    require("Ray", importlib.util.find_spec("ray"), "pip install 'synthetic1[ray]'")
    require("vLLM", importlib.util.find_spec("vllm"), "make venv")
    require("the embedded model", (MODEL / "model.safetensors").is_file(), "make embedded-model")
    kept_vllm.end()  # its memory is needed
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**QUICK, "RAY_USAGE_STATS_ENABLED": "0"}.items():
            patch.setenv(name, value)
        started = RayletCluster()
        started.add()
        yield started
        started.shut_down()


def servers():
    """(host, port) of each server on this machine."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if API in command and b"--served-model-name" in command:
            given = dict(pairwise(command))
            if given[b"--served-model-name"] == b"embedded":
                found.add((given[b"--host"].decode(), int(given[b"--port"])))
    return found


def served(server):
    """How many requests a server has answered."""
    try:
        with urlopen(f"http://{server[0]}:{server[1]}/metrics", timeout=20) as reply:
            lines = reply.read().decode().splitlines()
    except (URLError, OSError):
        return 0
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("vllm:request_success_total"))


def test_two_replicas_on_two_nodes(cluster, tmp_path):
    runs, before = ClusterRuns(tmp_path, count=40), servers()
    arguments = '[--enforce-eager,--max-model-len,"2048"]'
    settings = ("launch=ray", f"ray.address={cluster.section.address}", f"vllm_arguments={arguments}")
    process = runs.start("t", "model=embedded", "samples=1000", "sampling.max_tokens=32", "concurrency=8", *settings)
    try:
        until(lambda: sum(served(one) > 0 for one in servers() - before) == 2, process, 1200)
        process.send_signal(signal.SIGINT)
        said = runs.end(process, 130)
        assert "the same command goes on" in said
        assert servers() <= before
    finally:
        runs.close()
    records = runs.records("t")
    assert len({record[2] for record in records}) == len(records) >= 2
    assert {record[4][0] for record in records if record[4]} <= {0.0, 1.0}
    assert all(record[3] for record in records)
