"""Each contract of pyproject.toml is broken once, in a scratch copy, and must say so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The packages and the contracts, to be broken."""
    scratch = tmp_path_factory.mktemp("imports")
    only_python = shutil.ignore_patterns("__pycache__", "*.json", "*.sql", "*.csv")
    for package in ("services", "shared", "deploy"):
        shutil.copytree(REPOSITORY / package, scratch / package, ignore=only_python)
    shutil.copy(REPOSITORY / "pyproject.toml", scratch)
    return scratch


def _lint(copy: Path) -> str:
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo"]
    wide = {**os.environ, "COLUMNS": "200"}  # a verdict on one line
    return subprocess.run(command, cwd=copy, env=wide, capture_output=True, text=True, check=False).stdout


def test_the_code_as_it_stands_keeps_every_contract(copy):
    said = _lint(copy)
    assert "5 kept, 0 broken" in said, said


@pytest.mark.parametrize(
    ("where", "line", "broken"),
    [
        ("services/intake/domain", "import services.capa.domain", "Services never import each other"),
        ("services/intake/domain", "import services.intake.application", "Rooms look inward"),
        ("services/intake/readmodels", "import services.intake.application", "Rooms look inward"),
        ("services/intake/cupboard", "", "Rooms look inward"),
        ("shared/kernel", "import shared.adapters", "Shared knows no service"),
        ("shared/contracts", "import shared.kernel", "Shared knows no service"),
        ("shared/adapters", "import services.intake", "Shared knows no service"),
        ("services/intake/entrypoints", "import deploy", "Shared knows no service"),
        ("services/intake/domain", "import random", "The domain is pure"),
        ("services/intake/domain", "import asyncpg", "The domain is pure"),
        ("services/intake/application", "import shared.adapters.postgres", "Application speaks to ports"),
        ("services/intake/application", "import fastapi", "Application speaks to ports"),
    ],
)
def test_a_broken_rule_is_named(copy, where, line, broken):
    offender = copy / where / "offender.py"
    new_room = not offender.parent.exists()
    offender.parent.mkdir(exist_ok=True)
    offender.with_name("__init__.py").touch()
    offender.write_text(line + "\n")
    try:
        said = _lint(copy)
    finally:
        offender.unlink()
        if new_room:
            shutil.rmtree(offender.parent)
    verdicts = [verdict for verdict in said.splitlines() if verdict.startswith(broken)]
    assert any(verdict.endswith("BROKEN") for verdict in verdicts), said
