"""Schemathesis over the whole OpenAPI document, against a served process on each engine, with all of its checks."""

import os
import subprocess
import sys
from pathlib import Path

import schemathesis_hooks

# Cases that follow from the schema one by one, and some at random beside them.
OPTIONS = [
    "--phases",
    "coverage,fuzzing",
    "--max-examples",
    "2",
    "--seed",
    "1",
    "--continue-on-failure",
    "--workers",
    "2",
]
# What an operation answers is what counts here; bounds of a process's start and end are others' affair.
HOOKS = {"SCHEMATHESIS_HOOKS": schemathesis_hooks.__name__, "PYTHONPATH": str(Path(schemathesis_hooks.__file__).parent)}


def test_every_answer_is_one_that_the_document_declares(served_on: str, tmp_path: Path) -> None:
    program = [str(Path(sys.executable).with_name("st")), "run", f"{served_on}/api/openapi.json", *OPTIONS]
    done = subprocess.run(program, env=os.environ | HOOKS, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert "No issues found" in done.stdout
