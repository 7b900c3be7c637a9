"""Collect rollouts of a served model on generated mathematics with NeMo Gym's own agent and model server.

    python docs/adapters/examples/nemo_gym_math.py http://127.0.0.1:8000/v1 MODEL

In earnest `gym env start` starts these servers from a YAML file; here they share one process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvicorn
from nemo_gym.config_types import BaseServerConfig
from nemo_gym.global_config import GlobalConfigDictParserConfig, get_global_config_dict
from nemo_gym.server_utils import GlobalAIOHTTPAsyncClientConfig, ServerClient, set_global_aiohttp_client
from omegaconf import OmegaConf
from responses_api_agents.simple_agent.app import SimpleAgent
from responses_api_models.vllm_model.app import VLLMModel

from synthetic1.adapters.environment import environment
from synthetic1.adapters.nemo_gym import resources_server, write_dataset

SERVERS = """
synthetic1:
  resources_servers:
    synthetic1:
      entrypoint: app.py
      domain: math
      family: math
      options: {level: 1-2, split: test}
policy_model:
  responses_api_models:
    vllm_model:
      entrypoint: app.py
      base_url: ${policy_base_url}
      api_key: ${policy_api_key}
      model: ${policy_model_name}
      return_token_id_information: false
      uses_reasoning_parser: true
synthetic1_agent:
  responses_api_agents:
    simple_agent:
      entrypoint: app.py
      resources_server: {type: resources_servers, name: synthetic1}
      model_server: {type: responses_api_models, name: policy_model}
"""


async def main(url: str, model: str) -> dict[str, Any]:
    policy = {"policy_base_url": url, "policy_api_key": "none", "policy_model_name": model}
    given = OmegaConf.create({**policy, **OmegaConf.to_container(OmegaConf.create(SERVERS))})
    parser = GlobalConfigDictParserConfig(
        initial_global_config_dict=given, skip_load_from_cli=True, skip_load_from_dotenv=True
    )
    config = get_global_config_dict(parser)  # checks it, and finds a port for each server
    dataset = Path(tempfile.mkdtemp()) / "math.jsonl"
    write_dataset(dataset, environment("math", {"level": "1-2", "split": "test"}).tasks, limit=4)

    session = set_global_aiohttp_client(GlobalAIOHTTPAsyncClientConfig())
    client = ServerClient(head_server_config=BaseServerConfig(host="127.0.0.1", port=1), global_config_dict=config)
    servers = []
    for name, kind in {
        "synthetic1": resources_server(),
        "policy_model": VLLMModel,
        "synthetic1_agent": SimpleAgent,
    }.items():
        [folders] = config[name].values()
        [settings] = folders.values()
        settings = kind.model_fields["config"].annotation(name=name, **OmegaConf.to_container(settings, resolve=True))
        app = kind(config=settings, server_client=client).setup_webserver()
        servers.append(uvicorn.Server(uvicorn.Config(app, settings.host, settings.port, log_level="warning")))
    running = [asyncio.create_task(server.serve()) for server in servers]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.05)

    async def collected(row: dict[str, Any]) -> dict[str, Any]:
        answer = await client.post(server_name=row["agent_ref"]["name"], url_path="/run", json=row)
        answer.raise_for_status()
        return await answer.json()

    rows = [json.loads(line) for line in dataset.read_text(encoding="utf-8").splitlines()]
    results = await asyncio.gather(*map(collected, rows))
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)
    await session.close()
    return {"rewards": [result["reward"] for result in results], "verdicts": [result["verdict"] for result in results]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:3]))))
