"""In the environment of NeMo Gym: the pairs through ``/verify`` of our resources server, and the example.

python tests/support/nemo_gym_pairs.py URL [code]
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2] / "docs/adapters/examples"))

import adapter_pairs
import httpx
import nemo_gym_math
from adapter_pages import run_block
from nemo_gym.config_types import BaseServerConfig
from nemo_gym.server_utils import ServerClient
from omegaconf import OmegaConf

from synthetic1.adapters.nemo_gym import resources_server, row_of


def opened(**settings: Any) -> httpx.AsyncClient:
    """A client of a resources server with these settings."""
    head = BaseServerConfig(host="127.0.0.1", port=1)
    kind = resources_server()
    own = {"name": "synthetic1", "host": "127.0.0.1", "port": 1, "entrypoint": "app.py", **settings}
    config = kind.model_fields["config"].annotation(**own)
    app = kind(
        config=config, server_client=ServerClient(head_server_config=head, global_config_dict=OmegaConf.create())
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app.setup_webserver()), base_url="http://x", timeout=300)


def body_of(pair: adapter_pairs.AdapterPair) -> dict[str, Any]:
    """What NeMo Gym's agents post: the row of the data set and the model's response."""
    text = {"type": "output_text", "text": pair.text, "annotations": []}
    message = {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    response = {
        "id": "r",
        "object": "response",
        "created_at": 0,
        "model": "scripted",
        "output": [message],
        "incomplete_details": {"reason": "max_output_tokens"} if pair.finish_reason == "length" else None,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    return {**row_of(pair.as_task()), "response": response}


async def scored(client: httpx.AsyncClient, pair: adapter_pairs.AdapterPair) -> Any:
    """The reward, or the error."""
    answer = await client.post("/verify", json=body_of(pair))
    if answer.status_code == 200:
        told = answer.json()
        assert told["verdict"]["score"] == told["reward"]
        assert told["response"]["output"][0]["content"][0]["text"] == pair.text
        return told["reward"]
    return f"{answer.status_code} {answer.json()['detail']}"


async def main(url: str, code: bool) -> dict[str, Any]:
    assert run_block("nemo_gym", "Synthetic1 =", ".")["Synthetic1"] is resources_server()
    with TemporaryDirectory() as folder:
        run_block("nemo_gym", "write_dataset", folder)
        written = (Path(folder) / "train.jsonl").read_text(encoding="utf-8").splitlines()
    servers = {thinking: opened(thinking_open=thinking) for thinking in (False, True)}
    pairs = adapter_pairs.load(code=code)
    scores = await asyncio.gather(*(scored(servers[pair.thinking_open], pair) for pair in pairs))
    broken = body_of(next(pair for pair in pairs if pair.kind == "no_gold"))
    number = (await opened(unscorable=0.25).post("/verify", json=broken)).json()
    malformed = await servers[False].post("/verify", json={**broken, "synthetic1_task": "{}"})
    boxed = opened(family="math", options={"answer_style": "any"})
    plain = next(pair for pair in pairs if (pair.family, pair.kind) == ("math", "gold"))
    unboxed = {**plain.__dict__, "text": plain.text.removeprefix("\\boxed{").removesuffix("}")}
    rows = [{"_ng_task_index": 0, "_ng_rollout_index": place, **number} for place in range(2)]
    averaged = await servers[False].post("/aggregate_metrics", json={"verify_responses": rows})
    return {
        "rows": [len(written), json.loads(written[0])["agent_ref"]["name"]],
        "scores": scores,
        "number": {key: number[key] for key in ("reward", "score", "scorable", "mask_sample")},
        "malformed": [malformed.status_code, malformed.json()["detail"]],
        "any_style": await scored(boxed, adapter_pairs.AdapterPair(**unboxed)),
        "averaged": averaged.json(),
        "example": await nemo_gym_math.main(url, "scripted"),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], "code" in sys.argv[2:]))))
