"""The pages for readers say what the code says, and every page can be found."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from services.intake.domain.reference.decider import SEVERITIES
from services.intake.domain.triage.inputs import NAMES
from services.investigation.application.preview import FIRST
from services.investigation.application.source import ERRORS_REPORTED, MAX_CELL
from services.investigation.domain.facts import document, fields, mapping
from services.investigation.domain.reference.decider import LONGEST_HEARING
from services.investigation.domain.responsibility.shares import INPUTS
from shared.adapters import decision_document
from shared.adapters.decision_language import FUNCTIONS
from shared.adapters.settings import Settings
from shared.contracts import words
from tests.pages import PAGES, ROOT, blocks, fields_table, kinds_table, linked, page

MAPPINGS, RULES = page("mappings.md"), page("rules.md")


def between(name: str) -> str:
    found = re.search(rf"<!-- {name}: .*?-->\n(.*?)<!-- /{name} -->", MAPPINGS, re.DOTALL)
    assert found, name
    return found[1]


@pytest.mark.parametrize(("name", "table"), [("kinds", kinds_table), ("fields", fields_table)])
def test_the_tables_of_facts_are_the_codes(name, table):
    assert between(name) == table(), f"docs/mappings.md, between the marks of {name}, should read:\n{table()}"


def said_keys(heading: str) -> set[str]:
    """The first column of the first table below a line of docs/mappings.md."""
    rows = MAPPINGS.split(heading, 1)[1].split("|---|---|\n", 1)[1].split("\n\n", 1)[0]
    return {key for row in rows.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_every_key_of_a_mapping_is_explained():
    known = document._KEYS - {"version"}
    assert said_keys("## The document") == known
    assert said_keys("A rule takes exactly one") == document._RULE_KEYS - {"column", "value", "template"}


def test_the_limits_that_the_pages_name_are_the_codes():
    mebibytes = Settings.model_fields["max_upload_bytes"].default // 2**20
    for words_of_the_page in (
        f"{mebibytes} MiB at most",
        f"above {MAX_CELL // 1024} KiB",
        f"names the first {ERRORS_REPORTED} ",
        f"the first {FIRST} facts",
        f"{document.MOST_VARIANTS} at most",
        f"{fields.CODE_LENGTH} and {fields.TEXT_LENGTH} characters",
        *(f"`{encoding}`" for encoding in mapping.ENCODINGS),
        *(f"`{blank}`" for blank in mapping.BLANK - {""}),
    ):
        assert words_of_the_page in MAPPINGS, words_of_the_page
    assert f"more than {decision_document.MAX_ROWS} rows, a cell above {decision_document.MAX_CELL} char" in RULES
    assert f"its share, 1 to {LONGEST_HEARING}." in RULES


def test_every_input_and_word_of_the_rules_is_explained():
    for name in (*NAMES, *INPUTS, *SEVERITIES):
        assert f"`{name}`" in RULES, name
    for vocabulary in (words.Scope, words.Priority, words.PartyKind, words.ShareKind, words.ClockName):
        for word in get_args(vocabulary):
            assert f"`{word}`" in RULES, word
    asked = (words.Harm, words.Scenario, words.Channel, words.CauseLeg, words.CauseLevel, words.CauseCategory)
    for vocabulary in (*asked, words.Boundary):
        for word in get_args(vocabulary):
            assert f'`"{word}"`' in RULES, word
    for function in FUNCTIONS:
        assert re.search(rf"\b{function}\b", RULES), function


@pytest.mark.parametrize("name", ["mappings.md", "rules.md"])
def test_every_json_block_is_json(name):
    assert [json.loads(text) for text in blocks(name, "json")]


def test_every_page_is_found_from_the_readme_and_every_link_leads_somewhere():
    start = ROOT / "README.md"
    seen, left = set(), {start}
    while left:
        one = left.pop()
        seen.add(one)
        assert one.exists(), one
        more = linked(one) if one.suffix == ".md" else set(one.glob("*.md")) if one.is_dir() else set()
        left |= more - seen
    assert set(PAGES.rglob("*.md")) <= seen
