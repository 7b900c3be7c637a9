"""`push_to_hub` against a hub on loopback: one commit, the whole export, nothing else."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import recorded_runs

from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.jobs.program import ProgramError, validate

ROOT = Path(__file__).resolve().parents[2]


class Hub(BaseHTTPRequestHandler):
    """What the hub's client asks for an upload; every file goes inside the commit."""

    asked: list[tuple[str, str, bytes]]

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.path, self.headers.get("Authorization", ""), body))
        host = f"http://{self.headers['Host']}/datasets/me/traces"
        said = {}
        if self.path == "/api/repos/create":
            said = {"url": host, "name": "me/traces", "id": "1"}
        elif "/preupload/" in self.path:
            files = [{"path": f["path"], "uploadMode": "regular"} for f in json.loads(body)["files"]]
            said = {"files": [{**file, "shouldIgnore": False} for file in files]}
        elif "/tree/" in self.path:
            said = [{"type": "file", "path": p, "size": 1, "oid": "a"} for p in ("train-00007.parquet", "NOTES.md")]
        elif "/commit/" in self.path:
            said = {"commitUrl": f"{host}/commit/abc", "commitOid": "abc", "success": True}
        text = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    Hub.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def push(tmp_path, endpoint):
    arguments = ["run=a", f"to={tmp_path / 'x'}", f"runs={tmp_path / 'runs'}", "push_to_hub=me/traces"]
    command = [sys.executable, str(ROOT / "datagen/export.py"), *arguments]
    environment = os.environ | {"HF_ENDPOINT": endpoint, "HF_TOKEN": "hf_test", "HF_HOME": str(tmp_path / "hf")}
    environment["HF_HUB_OFFLINE"] = "0"
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_an_export_is_pushed_whole_in_one_commit(tmp_path, hub):
    recorded_runs.write_run(tmp_path / "runs", "a", {recorded_runs.task(1): [("x", 1.0)]})
    done = push(tmp_path, hub)
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"pushed to {hub}/datasets/me/traces" in done.stdout
    made = json.loads(next(body for path, _, body in Hub.asked if path == "/api/repos/create"))
    assert (made["type"], made.get("visibility", made.get("private"))) in (("dataset", "private"), ("dataset", True))
    (commit,) = [body for path, _, body in Hub.asked if "/commit/" in path]
    lines = [json.loads(line) for line in commit.splitlines()]
    sent = {one["value"]["path"]: one["value"]["content"] for one in lines if one["key"] == "file"}
    here = {p.relative_to(tmp_path / "x").as_posix(): p.read_bytes() for p in (tmp_path / "x").rglob("*.*")}
    assert {name: base64.b64decode(content) for name, content in sent.items()} == here
    assert {"manifest.json", "README.md", "data/train-00000.parquet", "plots/length.png"} <= set(sent)
    assert [one["value"]["path"] for one in lines if one["key"] == "deletedFile"] == ["train-00007.parquet"]
    assert {token for path, token, _ in Hub.asked if "/commit/" in path} == {"Bearer hf_test"}


def test_a_hub_that_is_not_there_is_one_line(tmp_path):
    recorded_runs.write_run(tmp_path / "runs", "a", {recorded_runs.task(1): [("x", 1.0)]})
    done = push(tmp_path, "http://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr.startswith("error: push_to_hub=me/traces: ")
    assert "is whole, and overwrite=true tries again" in done.stderr
    assert done.stderr.count("\n") == 1


def test_only_a_local_export_is_pushed():
    with pytest.raises(ProgramError, match="push_to_hub uploads a local export"):
        validate(ExportSettings, {"run": "a", "to": "s3://b/x", "push_to_hub": "me/traces"})
