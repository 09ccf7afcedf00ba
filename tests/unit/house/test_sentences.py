"""A Chinese sentence says the words of the vocabularies in Chinese, an English one in English."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from services.capa.domain.errors import ActionNotInState, ActionsUnverified
from services.investigation.domain.errors import AlreadyDecided, EvidenceMissing, IdTaken, WhyOfOtherLeg
from services.investigation.domain.facts.errors import CellRefused
from services.investigation.domain.localisation.population import PopulationInconsistent
from shared.contracts.words import LABELS
from shared.kernel.errors import DomainError, Invalid, NotFound, SuyuanError

REPOSITORY = Path(__file__).parents[3]
ERRORS = ("intake", "investigation", "capa")
LATIN = re.compile(r"[A-Za-z]{2,}")


def _named_by(cls: str) -> dict[str, set[str]]:
    """Where each `what` of `cls(what="…")` stands in the product."""
    found: dict[str, set[str]] = {}
    for folder in ("services", "shared"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == cls:
                    for given in call.keywords:
                        if given.arg == "what" and isinstance(given.value, ast.Constant):
                            found.setdefault(str(given.value.value), set()).add(path.name)
    return found


def test_everything_that_can_be_missing_has_a_name_in_both_languages():
    named = _named_by("NotFound")
    assert {"complaint", "investigation", "capa", "action", "root_cause", "data_subject"} <= set(named)
    assert {what: where for what, where in named.items() if what not in LABELS} == {}


@pytest.mark.parametrize("cls", ["IdTaken", "Unavailable"])
def test_what_is_taken_or_waited_for_has_a_name_too(cls):
    named = _named_by(cls)
    assert named
    assert set(named) <= set(LABELS)


def test_words_of_an_error_are_fields_of_it():
    for service in ERRORS:
        import_module(f"services.{service}.domain.errors")
    classes = list(SuyuanError.__subclasses__())
    for cls in classes:
        classes += cls.__subclasses__()
    spoken = {cls for cls in classes if cls.words}
    assert {NotFound, ActionNotInState, IdTaken} <= spoken
    assert [cls for cls in spoken if not cls.words <= {field.name for field in fields(cls)}] == []


def test_a_value_that_cant_be_right_is_named_by_its_field():
    """A client marks the field; a cell of an imported row has its column instead, and one of ours is no request's."""
    for service in ERRORS:
        import_module(f"services.{service}.domain.errors")
    classes = list(Invalid.__subclasses__())
    for cls in classes:
        classes += cls.__subclasses__()
    ours = {cls for cls in classes if cls.__module__.startswith(("services.", "shared."))}
    apart = (CellRefused, PopulationInconsistent)
    nameless = {cls for cls in ours if cls.field is None and cls.wrong is DomainError.wrong}
    assert len(ours) > 40
    assert {cls.__name__ for cls in nameless if not issubclass(cls, apart)} == set()


@pytest.mark.parametrize(
    ("error", "zh", "en"),
    [
        (NotFound(what="root_cause", id="7"), "找不到：根本原因 7", "There is no root cause 7"),
        (NotFound(what="capa", id="7"), "找不到：CAPA 7", "There is no CAPA 7"),
        (
            ActionNotInState(action_no=2, status="planned", needs=("approved", "started")),
            "措施 2 已计划；此操作要求措施已批准、进行中",
            "Action 2 is planned; this needs one that is: approved, started",
        ),
        (IdTaken(what="why", id="7"), "编号 7 已用于另一问题", "Id 7 is already used for another why"),
        (
            WhyOfOtherLeg(leg="escape", asked="occurrence"),
            "该问题属于流出原因链，不是发生原因",
            "That why belongs to the escape chain, not to occurrence",
        ),
        (
            AlreadyDecided(party="S-07", stage="appeal"),
            "S-07 的申诉已提出或已裁定",
            "The appeal of S-07 was already raised or decided",
        ),
        (EvidenceMissing(what="clearing"), "排除节点必须引用证据", "Evidence must be cited for clearing a node"),
        (
            ActionsUnverified(actions=(1, 3)),
            "措施 1、3 尚未验证或取消，不能确认效果",
            "Actions 1, 3 are neither verified nor cancelled: effectiveness can't be confirmed",
        ),
    ],
)
def test_the_sentence_in_both_languages(error, zh, en):
    assert (error.text("zh-CN"), error.text("en")) == (zh, en)
    assert LATIN.sub("", zh.replace("S-07", "").replace("CAPA", "")) == zh.replace("S-07", "").replace("CAPA", "")


def test_a_word_of_no_vocabulary_is_said_as_it_is():
    assert NotFound(what="Widget", id="1").text("en") == "There is no Widget 1"
