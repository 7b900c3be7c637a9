"""What every test may lean on: components required or skipped aloud, shared data, no network beyond this machine."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib.util
import os
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import loopback_only as _guard
import postgres_server
import pytest

ROOT = Path(__file__).resolve().parent.parent
# No test is a test of time: a machine that is busy elsewhere is no reason to fail.
hypothesis.settings.register_profile("synthetic1", deadline=None)
hypothesis.settings.load_profile("synthetic1")
SHOW_TIMES_FROM_S = 60.0
REQUIRE_ALL = os.environ.get("SYNTHETIC1_REQUIRE_ALL") == "1"

# Before any library is imported: no hub, no telemetry, vLLM takes loopback for its own address, and threads that wait
# leave the cores to the other tests.
os.environ.update(
    DO_NOT_TRACK="1",
    GOMP_SPINCOUNT="0",
    HF_DATASETS_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_OFFLINE="1",
    VLLM_HOST_IP="127.0.0.1",
    VLLM_NO_USAGE_STATS="1",
)

TOGETHER = {
    "compilers": ("sandbox/test_call_harness",),
    "sandbox": ("sandbox/",),
    "programs": (
        *("rewards/test_code_verifier", "envs/test_code_env", "test_families"),
        *("tasks/test_embedded_code", "tasks/test_programs_languages", "serving/test_open_instruct"),
    ),
    "vllm": ("inference/test_vllm", "trainers/test_vllm", "datagen/curation/test_through_vllm"),
    "deployment": ("serving/test_deployment",),
    "serving": ("serving/",),
    "resuming": (
        *("trainers/test_resume", "trainers/test_sampling", "trainers/test_sft_program"),
        "trainers/test_training_run",  # they fork one process, `ready`
    ),
    "training": ("trainers/", "jobs/test_models"),
    "evaluating": ("evaluation/test_",),
    "faults": ("datagen/test_faults", "datagen/test_export_faults", "datagen/test_disk"),  # fork a process of their own
    "generation": ("datagen/test_",),
}
"""Group → how the paths of its tests begin; the first that fits. Most of them wait for something most of the time, so
there are more processes than cores; but no two that fill the machine's memory, or all its cores, run side by side:
those that train do it on one thread each."""
LONGEST_FIRST = (
    *("training", "sandbox", "programs", "generation", "scale/", "vllm", "deployment", "resuming", "compilers"),
    *("faults", "datagen/curation/", "adapters/", "evaluating", "serving", "sandbox bubblewrap"),
)
"""Groups, or how files that are in none begin, in the order in which they begin; the other files follow, since what
ends last should be short."""
COMPONENTS = {
    "engine": {"bubblewrap", "sandbox_image", "sandbox_kind"},
    "vllm": {"vllm"},
    "browser": {"photograph"},
    "integrations": {"adapter_python", "composed", "in_slurm", "own_engine", "vllm"},
}
"""Mark → the fixtures whose tests bear it."""
WHOLE_FILES = {
    "engine": ("tasks/test_programs_languages", "tasks/test_embedded_code"),
    "vllm": ("trainers/test_vllm",),
    "integrations": (
        *("scale/test_generation", "scale/test_lost_work", "scale/test_programs", "scale/test_ray_scorer"),
        *("datagen/curation/test_ray", "datagen/curation/test_orphans", "datagen/curation/test_code_planted_faults"),
        "datagen/curation/test_evolved_truth",
        *("datagen/test_shared_runs", "datagen/test_faults", "datagen/test_export_faults"),
        *("trainers/test_vllm", "trainers/test_processes", "datagen/test_scale"),
    ),
}
"""Mark → how the paths of tests begin all of which bear it."""
Require = Callable[[str, object, str], None]


_guard.install()


def _require(name: str, available: object, how: str) -> None:
    """Go on when the component is there; else skip with the reason, or fail where everything must be there.

    Args:
        available: truthy when the component can be used.
        how: the command that brings it, e.g. ``apt-get install chromium``.
    """
    if available:
        return
    message = f"{name} is not available here; to enable this test: {how}"
    if REQUIRE_ALL:
        pytest.fail(f"{message} (SYNTHETIC1_REQUIRE_ALL=1 makes this a failure)", pytrace=False)
    pytest.skip(message)


@pytest.fixture
def heeds_hang_up() -> Iterator[None]:
    """For tests that send SIGHUP: a suite started by ``nohup`` ignores it, and so do the processes it starts."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What runs in one process where there are several (``-n 2``): a file; and together all that fills the machine's
    cores, processes or memory, and would disturb its like.

    A scheduler of our own, since the marks of xdist 3.8's ``--dist loadgroup`` do nothing under pytest 9.2: it appends
    them to a name that is no longer read.
    """
    if config.getvalue("dist") != "load":  # somebody wants it otherwise
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False  # by their numbers of tests; ours come in order
    return Together(config, log)


def _group(nodeid: str) -> str:
    """The group of a test, or its file."""
    path = nodeid.partition("::")[0].removeprefix("tests/")
    group = next((name for name, parts in TOGETHER.items() if path.startswith(parts)), path)
    return f"{group} bubblewrap" if group == "sandbox" and "bubblewrap" in nodeid else group


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected, millions of objects, lives to the end: no search for garbage has to go through it again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a component, so that ``make`` can leave it out; and put the longest groups first."""
    items.sort(key=lambda item: _rank(_group(item.nodeid)))
    for item in items:
        path = item.nodeid.removeprefix("tests/")
        for mark, fixtures in COMPONENTS.items():
            if fixtures & set(getattr(item, "fixturenames", ())) or path.startswith(WHOLE_FILES.get(mark, ())):
                item.add_marker(mark)


@functools.cache
def _rank(group: str) -> int:
    """The place of a group in the order."""
    if group in LONGEST_FIRST:
        return LONGEST_FIRST.index(group)
    fits = (place for place, start in enumerate(LONGEST_FIRST) if start.endswith("/") and group.startswith(start))
    return next(fits, len(LONGEST_FIRST))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the exit status where ``.ci/run`` finds it: a suite that was interrupted has proved nothing."""
    if not hasattr(session.config, "workerinput") and getattr(session.config, "cache", None) is not None:
        session.config.cache.set("synthetic1/ended", int(exitstatus))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Where the time goes: seconds by folder, of all processes together."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds["/".join(report.nodeid.partition("::")[0].split("/")[:-1])] += report.duration
    if sum(seconds.values()) > SHOW_TIMES_FROM_S:
        terminalreporter.section("seconds by folder")
        for folder, spent in seconds.most_common():
            terminalreporter.write_line(f"{spent:8.0f}  {folder}")


@pytest.fixture(scope="session")
def require() -> Require:
    """``require("chromium", shutil.which("chromium"), "apt-get install chromium")``."""
    return _require


@pytest.fixture(scope="session")
def shared_data(require: Require) -> Path:
    """The folder of public data sets beside the checkout (``../shared/data``, or ``SYNTHETIC1_SHARED_DATA``)."""
    folder = Path(os.environ.get("SYNTHETIC1_SHARED_DATA") or ROOT.parent / "shared" / "data")
    require("the shared data", folder.is_dir(), "put the data sets in ../shared/data, or set SYNTHETIC1_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def adapter_python(require: Require) -> Callable[[str], str]:
    """``adapter_python("verl")``: the interpreter of the environment in which verl is installed."""
    from adapter_environments import adapter_python

    return lambda name: adapter_python(name, require)


@pytest.fixture(scope="session")
def kept_vllm(require: Require) -> Iterator[Any]:
    """vLLM with the embedded model, one for all tests that share it: ``kept_vllm.get(parser=False)``."""
    from vllm_process import KeptServer

    kept = KeptServer(require)
    yield kept
    kept.end()


@pytest.fixture(scope="session")
def sandbox_kind(require: Require) -> str:
    """The kind of sandbox that ``auto`` takes here."""
    from synthetic1.sandbox import SandboxUnavailable, open_sandbox

    async def look() -> str:
        async with open_sandbox(slots=1) as sandbox:
            return sandbox.backend.name

    kind, why = "", ""
    try:
        kind = asyncio.run(look())
    except SandboxUnavailable as error:
        why = f" ({error})"
    require("a sandbox", kind, f"synthetic1 sandbox build, with a Docker engine; or apt-get install bubblewrap{why}")
    return kind


@pytest.fixture(scope="session")
def judge_replies() -> ModuleType:
    """What judges of the tests reply: ``honest(right)``, ``fooled``, ``obedient``."""
    import judge_replies

    return judge_replies


@pytest.fixture
def serve_judge() -> Iterator[Callable[..., Any]]:
    """``serve_judge(reply)`` starts a judge's server on a thread of its own, for code that has loops of its own."""
    import judge_server as servers

    running: list[tuple[Any, asyncio.AbstractEventLoop, threading.Thread]] = []

    def start(reply: Any, **settings: Any) -> Any:
        server, loop = servers.JudgeServer(reply, **settings), asyncio.new_event_loop()
        asyncio.set_event_loop(None)
        loop.run_until_complete(server.start())
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        running.append((server, loop, thread))
        return server

    yield start
    for server, loop, thread in running:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine() -> Iterator[list[str]]:
    """Fail a test during which anything in this process tried to reach another host, even if it hid the error.

    A test that tries on purpose takes this fixture and empties the list.
    """
    _guard.attempts.clear()
    yield _guard.attempts
    assert not _guard.attempts, f"tried to leave this machine: {_guard.attempts}"


@dataclass(frozen=True)
class WatchedNetwork:
    """The same guard for child processes: start them with ``env``, then look at ``attempts``."""

    log: Path

    @property
    def env(self) -> dict[str, str]:
        """This process's environment with the guard added."""
        folders = [str(ROOT / "tests" / "loopback_only"), os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(folder for folder in folders if folder)
        return {**os.environ, "PYTHONPATH": path, _guard.LOG_VARIABLE: str(self.log)}

    @property
    def attempts(self) -> list[str]:
        """What the children tried, a line each."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@pytest.fixture
def watched_network(tmp_path: Path) -> WatchedNetwork:
    """For "no telemetry": run a program with ``env=watched_network.env``; ``.attempts`` must stay empty."""
    return WatchedNetwork(tmp_path / "network.log")


@pytest.fixture(scope="session")
def scripted_server() -> Any:
    """``async with scripted_server(reply, faults=("stall",), share=0.3) as server:`` an OpenAI-compatible server."""
    from scripted_server import ScriptedServer

    return ScriptedServer


@pytest.fixture(scope="session")
def postgres(require):
    """A PostgreSQL server; ``postgres.url()`` is of its database."""
    require("psycopg", importlib.util.find_spec("psycopg"), "pip install 'synthetic1[postgres]'")
    require("PostgreSQL", postgres_server.programs(), "apt-get install postgresql")
    with postgres_server.postgres_server(postgres_server.programs()) as started:
        yield started


@pytest.fixture
def database(postgres):
    """The URL of a database of its own on that server."""
    name = f"t{uuid.uuid4().hex[:12]}"
    postgres.create(name)
    return postgres.url(name)
