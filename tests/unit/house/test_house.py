"""Habits of the house (docs: style) that no other tool checks, over the files git knows."""

from __future__ import annotations

import json
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
# spelled in parts, so that this file doesn't find itself
HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "(org|com)"), ("jsdelivr", "net"), ("unpkg", "com"))
MACHINE_PATHS = re.compile("/" + r"(work|root|home/\w+|Users/\w+)/")
REGISTRIES = re.compile("|".join(f"{host}[.]{top}" for host, top in HOSTS))
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
UNMERGED = re.compile("^(<{7} |={7}$|>{7} )")


def _tracked() -> list[Path]:
    said = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)  # noqa: S607 - git of the machine
    if said.returncode:
        pytest.skip("not a git checkout")
    return [path for name in said.stdout.decode().split("\0") if name and (path := REPOSITORY / name).is_file()]


def _texts() -> dict[str, str]:
    texts = {}
    for path in _tracked():
        try:
            texts[str(path.relative_to(REPOSITORY))] = path.read_text()
        except UnicodeDecodeError:  # a picture or another binary fixture
            continue
    return texts


def _found(pattern: re.Pattern[str], *, but: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in _texts().items()
        if not name.startswith(but)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_every_ignore_in_pyproject_has_its_reason_beside_it():
    lines = (REPOSITORY / "pyproject.toml").read_text().splitlines()
    rule = re.compile(r'^\s+"[A-Z]+\d*",')
    ignores = [line for line in lines if rule.match(line)]
    assert len(ignores) > 20
    assert [line for line in ignores if not re.search(r"#\s*\S.{7,}", line)] == []


def test_every_ignore_in_the_code_has_its_reason_beside_it():
    bare = []
    for path in _tracked():
        if path.suffix != ".py":
            continue
        with tokenize.open(path) as source:
            for token in tokenize.generate_tokens(source.readline):
                if token.type == tokenize.COMMENT and re.search(r"# (noqa|type: ignore)", token.string):
                    reason = re.sub(r"# (noqa(: [A-Z0-9, ]+)?|type: ignore(\[[\w, -]+\])?)", "", token.string)
                    if not re.search(r"\w{3,}", reason):
                        bare.append(f"{path.relative_to(REPOSITORY)}:{token.start[0]}: {token.string}")
    assert bare == []


def test_nothing_written_elsewhere_is_committed():
    vendored = [path.name for path in _tracked() if path.suffix in {".js", ".mjs", ".css", ".woff2", ".whl", ".tgz"}]
    assert vendored == []
    assert [str(path) for path in _tracked() if path.stat().st_size > 1 << 20] == []


def _keywords(schema: object) -> set[str]:
    if isinstance(schema, list):
        return {word for each in schema for word in _keywords(each)}
    if not isinstance(schema, dict):
        return set()
    named = {name for name in ("properties", "$defs", "schemas") if isinstance(schema.get(name), dict)}
    inner = [list(value.values()) if name in named else value for name, value in schema.items()]
    return set(schema) | _keywords(inner)


def test_the_api_document_speaks_json_schema_and_not_pydantic():
    words = _keywords(json.loads((REPOSITORY / "docs" / "openapi.json").read_text())["components"])
    assert {"exclusiveMinimum", "maximum", "maxLength"} <= words
    assert words & {"gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "max_digits"} == set()


def test_no_path_of_a_machine():
    assert _found(MACHINE_PATHS) == []


def test_no_registry_host_outside_the_lock():
    assert _found(REGISTRIES, but=("uv.lock",)) == []


def test_nothing_is_left_for_later():
    assert _found(UNFINISHED, but=("uv.lock",)) == []


def test_no_module_is_named_after_nothing():
    vague = {"util", "utils", "helper", "helpers", "manager", "managers", "misc", "common"}
    assert [str(path) for path in _tracked() if path.suffix == ".py" and path.stem in vague] == []


def test_no_merge_was_left_half_done():
    assert _found(UNMERGED) == []
