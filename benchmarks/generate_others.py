"""The other tools, each in an environment of its own, asked to do the same work. Nothing of ours is imported here."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generate_server import MODEL, prompt

PACKAGES = {
    "datatrove": ("datatrove==0.10.1", "httpx", "aiofiles", "orjson", "xxhash", "aiosqlite", "pyarrow"),
    "curator": ("bespokelabs-curator==0.1.31",),
    "distilabel": ("distilabel[openai]==1.5.3", "requests"),
}
NAMES = {"datatrove": "datatrove", "datatrove_checkpoints": "datatrove"} | {n: n for n in ("curator", "distilabel")}
"""What is measured → the environment it needs."""
LABELS = {
    "bare": "bare aiohttp loop",
    "datatrove": "datatrove 0.10.1",
    "datatrove_checkpoints": "datatrove 0.10.1, checkpoints",
    "curator": "curator 0.1.31",
    "distilabel": "distilabel 1.5.3",
}
QUIET = {
    "TELEMETRY_ENABLED": "False",
    "CURATOR_DISABLE_CACHE": "true",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_API_KEY": "none",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def python_of(name: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(home) if os.path.isabs(home) else Path.home() / ".cache"
    return cache / "synthetic1" / "benchmarks" / NAMES[name] / "bin" / "python"


def prepare(*, make: bool) -> list[str]:
    """The tools that can be measured here; says of the others why not.

    Args:
        make: install those that are not there, with pip.
    """
    for package, requirements in PACKAGES.items():
        python = python_of(package)
        ready = python.parent.parent / "ready"
        if ready.is_file() and ready.read_text() == " ".join(requirements):
            continue
        if not make:
            print(f"left out: {package} is not installed; a run without --quick makes its environment")
            continue
        print(f"installing {package} into an environment of its own …", flush=True)
        try:
            venv.create(python.parent.parent, clear=True, with_pip=True)
            command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements]
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            print(f"left out: {package} cannot be installed ({said[-1][:200]})")
            continue
        ready.write_text(" ".join(requirements))
    return [name for name in NAMES if (python_of(name).parent.parent / "ready").is_file()]


def environment(folder: Path, *, here: Path) -> dict[str, str]:
    """The variables a run gets: whatever it writes stays in ``folder``, and it finds the files of ``here``."""
    own = {"PYTHONPATH": str(here), "HF_HOME": str(folder / "hf"), "CURATOR_CACHE_DIR": str(folder / "curator")}
    return os.environ | QUIET | own


# Each prepares, and gives back the work whose time is taken -----------------------------------------------------------


def datatrove(url: str, n: int, slots: int, *, checkpoints: str | None = None) -> Callable[[], Any]:
    from datatrove.data import Document
    from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
    from datatrove.pipeline.writers import JsonlWriter

    async def rollout(document: Any, generate: Any) -> Any:
        return await generate({"messages": [{"role": "user", "content": document.text}], "max_tokens": 4096})

    runner = InferenceRunner(
        rollout_fn=rollout,
        config=InferenceConfig(
            server_type="endpoint",
            model_name_or_path=MODEL,
            endpoint_url=url.removesuffix("/v1"),
            max_concurrent_generations=slots,
            default_generation_params={"temperature": 0.6, "top_p": 0.95},
        ),
        output_writer=JsonlWriter("out", output_filename="${rank}_chunk_${chunk_index}.jsonl", compression=None),
        checkpoints_local_dir=checkpoints,
        records_per_chunk=1000,
    )
    documents = [Document(text=prompt(i), id=str(i)) for i in range(n)]
    return lambda: list(runner.run(iter(documents), rank=0, world_size=1) or ())


def datatrove_checkpoints(url: str, n: int, slots: int) -> Callable[[], Any]:
    return datatrove(url, n, slots, checkpoints="checkpoints")


def curator(url: str, n: int, slots: int) -> Callable[[], Any]:
    import litellm

    # it counts tokens with a file that it would fetch; this package brings the same one
    os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(litellm.__file__).parent / "litellm_core_utils" / "tokenizers")
    from bespokelabs import curator as tool

    class Ask(tool.LLM):
        def prompt(self, row: dict[str, str]) -> str:
            return row["prompt"]

        def parse(self, row: dict[str, str], response: str) -> dict[str, str]:
            return {"prompt": row["prompt"], "text": response}

    ask = Ask(
        model_name=MODEL,
        backend="openai",
        backend_params={
            "base_url": url,
            "max_requests_per_minute": 10**7,
            "max_tokens_per_minute": 10**10,
            "max_concurrent_requests": slots,
            "require_all_responses": False,
        },
        generation_params={"temperature": 0.6, "top_p": 0.95, "max_tokens": 4096},
    )
    rows = [{"prompt": prompt(i)} for i in range(n)]
    return lambda: ask(rows, working_dir=str(Path.cwd() / "work"))


def distilabel(url: str, n: int, slots: int) -> Callable[[], Any]:
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    with Pipeline("benchmark", cache_dir="distilabel") as pipeline:
        load = LoadDataFromDicts(data=[{"instruction": prompt(i)} for i in range(n)], batch_size=slots)
        llm = OpenAILLM(
            base_url=url,
            api_key="none",
            model=MODEL,
            max_retries=0,
            generation_kwargs={"max_new_tokens": 4096, "temperature": 0.6, "top_p": 0.95},
        )
        load >> TextGeneration(llm=llm, input_batch_size=slots, num_generations=1)
    return lambda: pipeline.run(use_cache=False)


def child() -> None:
    """One run, in the tool's own environment; the last line that it prints is what was measured."""
    name, url, n, slots = sys.argv[1:]
    work = {"datatrove": datatrove, "datatrove_checkpoints": datatrove_checkpoints}.get(name) or globals()[name]
    run = work(url, int(n), int(slots))
    cpu = _cpu_s()
    run()
    print("\n" + json.dumps({"ended": time.monotonic(), "cpu_s": _cpu_s() - cpu}), flush=True)
    os._exit(0)  # threads and processes that some of them leave behind would wait


def _cpu_s() -> float:
    """Of this process and those it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
