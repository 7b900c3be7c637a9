"""schemathesis asks the server whatever its OpenAPI document allows, and much that it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

KEY = "a-key-for-the-tests-only"


def test_schemathesis_finds_nothing(run_server, require, tmp_path):
    command = shutil.which("schemathesis", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    require("schemathesis", command, "pip install schemathesis")
    with run_server("--families", "math,code_understanding", "--tasks", "embedded:math") as server:
        while server.ask("/readyz")[0] != 200:
            pass
        arguments = ["run", f"{server.url}/openapi.json", "--header", f"Authorization: Bearer {KEY}"]
        limits = ["--max-examples", "15", "--seed", "1", "--phases", "examples,coverage,fuzzing", "--no-color"]
        done = subprocess.run([command, *arguments, *limits], capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stdout[-8_000:] + done.stderr
        assert "No issues found" in done.stdout
        assert server.process.poll() is None
        log = "".join(server.log)
    assert "Traceback" not in log, log[-4_000:]
