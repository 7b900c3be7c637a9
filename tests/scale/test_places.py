"""Where servers have room in a cluster, and which settings say something there."""

from __future__ import annotations

import pytest

from synthetic1.datagen.generation.settings import GenerateSettings
from synthetic1.jobs.program import ProgramError, refuse_idle, validate
from synthetic1.scale import replica_places
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.replica_places import cluster_places, group_size


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ([], 1),
        (["--tensor-parallel-size", "8"], 8),
        (["--tensor-parallel-size=8"], 8),
        (["--tensor_parallel_size", "8"], 8),
        (["-tp", "2", "-pp=3"], 6),
        (["-tp", "2", "--pipeline-parallel-size", "2", "--data-parallel-size", "2"], 8),
        (["-tp", "2", "--tensor-parallel-size", "4"], 4),  # vLLM takes the last
        (["--max-model-len", "4096"], 1),
    ],
)
def test_how_many_gpus_a_server_takes(arguments, size):
    assert group_size(arguments) == size


@pytest.mark.parametrize("arguments", [["-tp"], ["-tp", "two"], ["--tensor-parallel-size=0"], ["-pp", "-1"]])
def test_a_number_of_gpus_that_is_none(arguments):
    with pytest.raises(ClusterError, match=r"vllm_arguments: --(tensor|pipeline)-parallel-size wants a whole number"):
        group_size(arguments)


def node(name, alive=True, **resources):
    return {
        "NodeID": name,
        "NodeName": name,
        "NodeManagerAddress": "",
        "Alive": alive,
        "Resources": {key: float(value) for key, value in resources.items()},
    }


@pytest.mark.parametrize(
    ("nodes", "size", "only_gpus", "places"),
    [
        ([node("a", CPU=4), node("b", CPU=1)], 1, False, [("a", 0, 0), ("b", 0, 0)]),
        ([node("a", CPU=4), node("head", CPU=0)], 8, False, [("a", 0, 0)]),
        ([node("a", CPU=4, GPU=8), node("b", CPU=4)], 2, False, [("a", n, 2) for n in range(4)]),
        (
            [node("a", GPU=2), node("b", GPU=1)],
            1,
            False,
            [("a", 0, 1), ("b", 0, 1), ("a", 1, 1)],
        ),
        ([node("a", GPU=3), node("b", GPU=1), node("c", alive=False, GPU=8)], 2, False, [("a", 0, 2)]),
        ([node("a", CPU=4, GPU=1)], 2, False, []),
        ([node("a", CPU=4)], 1, True, []),
    ],
)
def test_where_there_is_room(monkeypatch, nodes, size, only_gpus, places):
    class Ray:
        @staticmethod
        def nodes():
            return nodes

    monkeypatch.setattr(replica_places, "connected_ray", lambda: Ray)
    found = cluster_places(size, only_gpus=only_gpus).places
    assert [(one.node, one.number, one.gpus) for one in found] == places


GIVEN = {"env": {"id": "synthetic1/math-v0"}, "model_name": "m"}
SERVER = {"server": "http://localhost:1/v1"}


@pytest.mark.parametrize(
    ("values", "typed", "why"),
    [
        ({**SERVER, "ray": {"wait_s": 5}}, "ray.wait_s", r"engine=local; choose engine=ray, or launch=ray"),
        ({**SERVER, "ray": {"replicas": 5}}, "ray.replicas", r"launch=null; choose launch=ray"),
        ({**SERVER, "engine": "ray", "ray": {"replicas": 5}}, "ray.replicas", r"launch=null; choose launch=ray"),
        ({"launch": "vllm", "ray": {"replicas": 5}}, "ray.replicas", r"launch=vllm; choose launch=ray"),
        ({"launch": "ray", "ray": {"cores": 5}}, "ray.cores", r"engine=local; choose engine=ray"),
        ({"launch": "ray", "ray": {"replicas": 5, "wait_s": 1}}, "ray.replicas", None),
        ({"launch": "ray", "ray": {"replicas": 5, "wait_s": 1}}, "ray.wait_s", None),
        ({"launch": "ray", "engine": "ray", "ray": {"cores": 5}}, "ray.cores", None),
    ],
)
def test_settings_of_a_cluster_that_do_nothing_are_refused(values, typed, why):
    settings = validate(GenerateSettings, {**GIVEN, **values})
    if why is None:
        refuse_idle(settings, {typed})
    else:
        with pytest.raises(ProgramError, match=rf"^{typed} does nothing with {why}$"):
            refuse_idle(settings, {typed})


def test_a_run_may_go_on_on_a_cluster():
    here = validate(GenerateSettings, {**GIVEN, **SERVER})
    there = validate(GenerateSettings, {**GIVEN, "launch": "ray", "engine": "ray", "ray": {"replicas": 2}})
    assert here.identity() == there.identity()
    assert (here.cluster, there.cluster) == (None, there.ray)
    with pytest.raises(ProgramError, match="launch=ray starts one on a cluster: leave one of them out"):
        validate(GenerateSettings, {**GIVEN, **SERVER, "launch": "ray"})
