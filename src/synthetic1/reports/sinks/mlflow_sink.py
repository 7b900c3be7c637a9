"""MLflow: ``MLFLOW_TRACKING_URI``, or a SQLite file in the run folder.

``mlflow ui --backend-store-uri sqlite:///RUN/tracking/mlflow.db`` shows the latter. ``MLFLOW_EXPERIMENT_NAME`` names
the experiment.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.reports.sinks.sink import Ending, Row, TrackerRun, flat

STATUS: Mapping[Ending, str] = {"finished": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}
TABLES_TAG = "mlflow.loggedArtifacts"
"""The tag by which MLflow's page knows which artifacts are tables."""
MOST_PARAMETERS, MOST_METRICS, MOST_PARAMETER_LENGTH = 100, 1000, 500
"""Of a request, and of a value, that every version of the server takes."""


def prepare() -> None:
    """Import what opening needs, and keep its messages about databases off the run's terminal."""
    import mlflow.tracking  # noqa: F401

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def open_sink(run: TrackerRun) -> MlflowSink:
    """The run in MLflow: a new one, or the one of this run folder."""
    from mlflow.entities import Param, RunStatus
    from mlflow.tracking import MlflowClient

    run.folder.mkdir(exist_ok=True)
    where = os.environ.get("MLFLOW_TRACKING_URI")
    client = MlflowClient(tracking_uri=where or f"sqlite:///{run.folder / 'mlflow.db'}")
    if (known := run.stored_id("mlflow")) is not None:
        client.update_run(known, status=RunStatus.to_string(RunStatus.RUNNING))
        return MlflowSink(client, known)
    experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME", "synthetic1")
    found = client.get_experiment_by_name(experiment)
    files = None if where else (run.folder / "mlflow").as_uri()
    number = found.experiment_id if found else client.create_experiment(experiment, artifact_location=files)
    made = client.create_run(number, run_name=run.name, tags={"program": run.program}).info.run_id
    parameters = [Param(_name(name), str(value)[:MOST_PARAMETER_LENGTH]) for name, value in flat(run.config).items()]
    for some in _batches(parameters, MOST_PARAMETERS):
        client.log_batch(made, params=some)
    run.store_id("mlflow", made)
    return MlflowSink(client, made)


class MlflowSink:
    """Writes to an open run of MLflow."""

    def __init__(self, client: Any, run_id: str) -> None:
        self.client, self.run_id = client, run_id

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        rows = [Metric(_name(name), value, now, step) for name, value in metrics.items()]
        for some in _batches(rows, MOST_METRICS):
            self.client.log_batch(self.run_id, metrics=some)

    def table(self, name: str, step: int, rows: Sequence[Row]) -> None:
        path = f"tables/{name.replace('/', '_')}_{step:06d}.json"
        columns = list(rows[0])
        content = {"columns": columns, "data": [[row[column] for column in columns] for row in rows]}
        self.client.log_text(self.run_id, json.dumps(content), path)
        tables = json.loads(self.client.get_run(self.run_id).data.tags.get(TABLES_TAG, "[]"))
        if all(table["path"] != path for table in tables):
            self.client.set_tag(self.run_id, TABLES_TAG, json.dumps([*tables, {"path": path, "type": "table"}]))

    def artifact(self, path: Path, name: str) -> None:
        self.client.log_artifact(self.run_id, str(path))

    def finish(self, ending: Ending) -> None:
        self.client.set_terminated(self.run_id, STATUS[ending])


def _name(name: str) -> str:
    """A name as MLflow takes it: `by_language/c++` would be refused."""
    return re.sub(r"[^\w\-./: ]", "_", name)


def _batches(rows: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + most] for start in range(0, len(rows), most))
