"""Failpoints: nothing unless armed; armed, the process dies at the count-th passing, as by kill -9."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.adapters.failpoints import FAILPOINTS, arm, failpoint
from shared.adapters.settings import Settings

ROOT = Path(__file__).parents[3]
PROGRAM = """
from shared.adapters.failpoints import arm, failpoint
arm("before-append:3")
for n in (1, 2, 3):
    failpoint("before-reaction")
    print(n, flush=True)
    failpoint("before-append")
print("survived")
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm(None)


def test_nothing_happens_unless_one_is_armed():
    for name in FAILPOINTS:
        failpoint(name)


def test_the_process_dies_at_the_third_passing_of_the_armed_place_and_of_no_other():
    words = [sys.executable, "-c", PROGRAM]
    died = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (died.returncode, died.stdout.split()) == (-signal.SIGKILL, ["1", "2", "3"])


@pytest.mark.parametrize("order", ["before-append", "before-append:0", "before-append:x", "somewhere:1", ":1", ""])
def test_an_order_that_can_not_be_carried_out_is_refused_where_settings_are_read(order):
    with pytest.raises(ValidationError, match="name:count"):
        Settings(failpoint=order)


def test_every_failpoint_stands_in_the_code_once():
    sources = [
        path.read_text(encoding="utf-8") for part in ("shared", "services") for path in (ROOT / part).rglob("*.py")
    ]
    found = {name: sum(text.count(f'failpoint("{name}")') for text in sources) for name in FAILPOINTS}
    assert found == dict.fromkeys(FAILPOINTS, 1)
