"""What import-linter can't say: not which imports are forbidden, but which alone are allowed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
IMPURE = {"asyncio", "os", "pathlib", "random", "secrets", "socket", "subprocess", "sys", "threading", "time"}
STANDARD = sys.stdlib_module_names - IMPURE
PUBLISHED = STANDARD | {"shared.contracts"}
DOMAIN = PUBLISHED | {"shared.kernel"}
LOCALISATION = "services/investigation/domain/localisation"


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module


def _strangers(folder: str, allowed: set[str] | frozenset[str]) -> list[str]:
    """Imports of the folder's modules that start with nothing that is allowed."""
    own = folder.replace("/", ".")
    return [
        f"{file.relative_to(REPOSITORY)}: {module}"
        for file in sorted((REPOSITORY / folder).rglob("*.py"))
        for module in _imports(file)
        if not any(f"{module}.".startswith(f"{name}.") for name in (*allowed, own))
        and not (module.split(".")[0] == "numpy" and str(file.relative_to(REPOSITORY)).startswith(LOCALISATION))
    ]


@pytest.mark.parametrize("service", ["intake", "investigation", "capa", "analytics"])
def test_a_domain_imports_the_contracts_the_kernel_and_the_pure_standard_library(service):
    assert _strangers(f"services/{service}/domain", DOMAIN) == []


def test_the_contracts_import_the_standard_library_only():
    assert _strangers("shared/contracts", STANDARD) == []


def test_a_stranger_would_be_seen():
    assert _strangers("shared/adapters/postgres", DOMAIN)
