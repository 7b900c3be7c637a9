"""Generation on a cluster: what is recorded is what one machine records, whatever dies, joins or is stopped."""

from __future__ import annotations

import os
import random
import signal

import pytest
from cluster_runs import ClusterRuns, code_task, parent_of, until
from raylets import STORE, SUPPORT, RayletCluster

AT_ONCE = 8


class ServingCluster(RayletCluster):
    """Its nodes find a stand-in for vLLM; the first one does no work."""

    def add(self, env=(), gpus=0, **resources):
        with pytest.MonkeyPatch.context() as patch:
            path = (SUPPORT / "vllm_stand_in", SUPPORT, os.environ.get("PYTHONPATH", ""))
            patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, map(str, path))))
            patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
            for name, value in dict(env).items():
                patch.setenv(name, value)
            first, self._first = self._first, {}
            room = {"num_cpus": 0 if first else 1, "num_gpus": gpus, "object_store_memory": STORE}
            return self.cluster.add_node(**room, resources=resources, **first)


@pytest.fixture(scope="module")
def cluster(ray_installed):
    started = ServingCluster()
    yield started
    started.shut_down()


@pytest.fixture
def nodes(cluster):
    """The cluster, whose nodes of one test are gone before the next."""
    before = set(cluster.cluster.worker_nodes)
    yield cluster
    for node in set(cluster.cluster.worker_nodes) - before:
        cluster.kill(node)


@pytest.fixture
def generating(tmp_path):
    """``generating(**settings)`` starts runs of generation in processes of their own, and reads what they left."""
    made = []

    def make(**settings):
        made.append(ClusterRuns(tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def scripted():
    from scripted_process import scripted

    return scripted


SHAPE = "```python\nprint(ANSWER)\n```"


def test_verifiers_on_nodes_write_the_same_rows(generating, nodes, scripted, sandbox_kind):
    runs = generating(task=code_task, count=30)
    far = ("engine=ray", f"ray.address={nodes.section.address}")
    with scripted("--right", "0.5", "--shape", SHAPE, "--latency", "0.02") as server:
        asked = (f"server={server.url}", "samples=3", f"concurrency={AT_ONCE}")
        runs("local", *asked)
        whole, exported = runs.records("local"), runs.exported("local")
        assert {record[4][0] for record in whole} == {0.0, 1.0}
        first = nodes.add(sandbox=1)
        runs("one", *asked, *far)
        assert runs.records("one") == whole
        others = [nodes.add(sandbox=1) for _ in range(2)]
        draw = random.Random(3)
        for name in ("three", "killed"):
            base = server.counts()["requests"]
            process = runs.start(name, *asked, *far)
            if name == "killed":
                server.until(base + draw.randrange(20, 60), process)
                nodes.kill(draw.choice([first, *others]))
            said = runs.end(process)
            assert server.counts()["requests"] - base == len(whole)
            assert runs.records(name) == whole
            assert runs.exported(name) == exported
        assert "node" in said, "the node had work"


@pytest.fixture
def reference(generating, scripted):
    """What one server records, of runs that ask for ``samples``."""

    def make(runs, samples):
        with scripted("--right", "0.5") as server:
            runs("whole", f"server={server.url}", f"samples={samples}")
        return runs.records("whole")

    return make


def killing(runs, nodes, whole, samples, kills, draw):
    """A run on two nodes, during which ``kills`` die at moments that are drawn; each time another server has to have
    taken the place before any request is answered."""
    there = [nodes.add(), nodes.add()]
    runs.hold.touch()
    process = runs.start("t", f"samples={samples}", f"concurrency={AT_ONCE}", *runs.serving(nodes.section, "--child"))
    until(lambda: len(runs.servers()) == 2, process)
    for moment, what in zip(sorted(draw.sample(range(20, len(whole) - 40), len(kills))), kills, strict=True):
        runs.hold.write_text(str(moment))
        until(lambda at=moment: runs.asked().total() > at, process)
        before = runs.servers()
        running = sorted(before & set(runs.living()))
        if what == "node":
            nodes.kill(there.pop(0))
            there.append(nodes.add())
        else:
            pid = draw.choice(running)
            os.kill(pid if what == "server" else parent_of(pid), signal.SIGKILL)
        until(lambda before=before: runs.servers() - before, process)
        until(lambda running=running: set(running) - set(runs.living()), process)
    runs.hold.unlink()
    said = runs.end(process)
    assert runs.records("t") == whole
    assert len(runs.asked()) == len(whole)
    assert 0 <= runs.asked().total() - len(whole) <= AT_ONCE * len(kills)
    until(lambda: not runs.living())
    return said


@pytest.mark.parametrize("what", ["server", "actor", "node"])
def test_what_dies_is_replaced_and_nothing_is_lost(generating, nodes, reference, what):
    runs = generating()
    said = killing(runs, nodes, reference(runs, 8), 8, [what, what], random.Random(what))
    assert what == "node" or "starting another" in said


@pytest.mark.proofs
@pytest.mark.parametrize("seed", range(8))
def test_many_that_die(generating, nodes, reference, seed, record_property):
    runs, draw = generating(), random.Random(seed)
    kills = draw.choices(["server", "actor", "node"], k=6)
    killing(runs, nodes, reference(runs, 20), 20, kills, draw)
    record_property("faults", len(kills))


def test_a_node_that_joins_gets_a_server(generating, nodes, reference):
    runs = generating()
    nodes.add()
    whole = reference(runs, 4)
    runs.hold.write_text("20")
    process = runs.start("t", "samples=4", f"concurrency={AT_ONCE}", *runs.serving(nodes.section))
    until(lambda: runs.asked().total() > 20, process)
    (first,) = runs.servers()
    nodes.add()
    (second,) = until(lambda: runs.servers() - {first}, process)
    runs.hold.unlink()
    runs.end(process)
    assert runs.records("t") == whole
    assert runs.asked().total() == len(runs.asked()) == len(whole)
    assert runs.asked(second).total() > 10


ENDS = [
    (signal.SIGINT, 130),
    pytest.param(signal.SIGTERM, 130, marks=pytest.mark.proofs),
    (signal.SIGKILL, -9),
]


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_no_process_is_left_and_the_same_command_goes_on(generating, nodes, reference, number, status):
    runs = generating()
    nodes.add()
    nodes.add()
    settings = ("samples=4", f"concurrency={AT_ONCE}", *runs.serving(nodes.section, "--child"))
    runs.hold.touch()
    process = runs.start("t", *settings)
    until(lambda: len(runs.servers()) == 2 and runs.asked().total(), process)
    assert len(runs.living()) == 4
    process.send_signal(number)
    said = runs.end(process, status)
    if number != signal.SIGKILL:
        assert "the same command goes on" in said
        assert not runs.living(), "at its end"
    until(lambda: not runs.living())
    runs.hold.unlink()
    runs("t", *settings)
    assert runs.records("t") == reference(runs, 4)
    assert not runs.living()


def test_ctrl_c_while_no_server_answers_yet(generating, nodes):
    runs = generating()
    nodes.add()
    process = runs.start("t", "samples=4", *runs.serving(nodes.section, "--slow", "--child"))
    until(runs.living, process)
    process.send_signal(signal.SIGINT)
    runs.end(process, 130)
    assert not runs.living()


def test_where_no_server_starts_one_line_says_why(generating, nodes):
    runs = generating()
    nodes.add(env={"STAND_IN_BREAKS": "1"})
    said = runs("t", *runs.serving(nodes.section), status=2)
    error = said.splitlines()[-1]
    assert error.startswith("error: node ")
    assert "ValueError: no free memory on the device is left for the cache" in error


def test_a_node_where_no_server_starts_is_left_out(generating, nodes, reference):
    runs = generating()
    nodes.add()
    nodes.add(env={"STAND_IN_BREAKS": "1"})
    whole = reference(runs, 4)
    runs.hold.write_text("20")
    process = runs.start("t", "samples=4", f"concurrency={AT_ONCE}", *runs.serving(nodes.section))
    lines = []
    while "it is left out" not in (lines[-1] if lines else ""):
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    runs.hold.unlink()
    runs.end(process)
    assert runs.records("t") == whole
    assert len(runs.servers()) == 1


def test_each_group_of_gpus_gets_a_server(generating, nodes, reference):
    """The GPUs are numbers that Ray hands out: nobody computes on them."""
    runs = generating()
    nodes.add(gpus=5)
    nodes.add()
    runs.hold.touch()
    arguments = ("--tensor-parallel-size", "2")
    process = runs.start("t", f"concurrency={AT_ONCE}", *runs.serving(nodes.section, *arguments))
    until(lambda: len(runs.servers()) == 2, process)
    runs.hold.unlink()
    runs.end(process)
    assert runs.records("t") == reference(runs, 1)
    given = [set(gpus.split(",")) for gpus in runs.gpus()]
    assert [len(gpus) for gpus in given] == [2, 2]
    assert not given[0] & given[1]


def test_a_cluster_without_room_for_a_server(generating, nodes):
    runs = generating()
    nodes.add(gpus=1)
    arguments = ("--tensor-parallel-size", "2")
    said = runs("t", "ray.wait_s=1", *runs.serving(nodes.section, *arguments), status=2)
    assert "there is no node with 2 GPUs (the most that one has: 1); waited 1 s; join one" in said.splitlines()[-1]
