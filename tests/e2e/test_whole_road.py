"""What the demo tells is what a test holds: the story on the synthetic factory, end to end over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.target import NAMED

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SUYUAN_DATA", ROOT.parent / "shared" / "data"))


def told(*words: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "demo", "--json", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line: dict = json.loads(done.stdout.strip().splitlines()[-1])
    return line


def named() -> list[str]:
    """Where SUYUAN_URL names a system, it is told there."""
    return ["--url", NAMED] if NAMED else []


@pytest.mark.parametrize("how", [named()] if NAMED else [[], ["--kafka"]], ids=lambda how: " ".join(how) or "embedded")
def test_the_synthetic_story_closes_the_loop_and_names_the_planted_cause_first(how, request):
    if how == ["--kafka"]:
        request.getfixturevalue("kafka_here")
    line = told("--seed", "1", *how)
    assert (line["complaint_status"], line["chain_verified"]) == ("closed", True)
    assert line["planted"] == ["lot:SIL=SIL-00006"]
    assert line["suspects"][0] == ["lot:SIL=SIL-00006"]
    assert line["responsibility"]["supplier:SYN-S02"] == "80"
    assert line["events"] > 100


@pytest.mark.data
def test_the_real_batches_show_the_lots_that_cannot_be_told_apart():
    if not (DATA / "pharma").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the real data are missing: {DATA}")
        pytest.skip("the real data of ../shared/data are not here")
    line = told("--data", str(DATA), *named())
    assert (line["complaint_status"], line["chain_verified"]) == ("closed", True)
    aliased = ["lot:API-CODE-5=API-2", "lot:LACTOSE=LACTOSE-2", "lot:SMCC=SMCC-1", "lot:STARCH=STARCH-1"]
    assert line["suspects"][0] == aliased
    assert ["lot:STARCH=STARCH-17"] in line["suspects"]
    assert line["verdicts"][line["suspects"].index(["lot:STARCH=STARCH-17"])] == "lot_or_period"
