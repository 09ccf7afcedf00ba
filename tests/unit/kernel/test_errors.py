"""Errors say what happened in both languages, from their own fields."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from shared.kernel import errors
from shared.kernel.errors import NotFound, QueryTooSlow, SuyuanError, VersionConflict
from tests.unit.kernel.tally import TooMany

FIELD = re.compile(r"\{(\w+)")


def every(cls=SuyuanError):
    for one in cls.__subclasses__():
        if one.__module__ == errors.__name__:
            yield one
            yield from every(one)


def test_an_error_is_told_in_the_language_asked_for_english_where_it_is_neither():
    error = VersionConflict(stream="complaint-1", expected=3, actual=5)
    zh = "记录 complaint-1 的版本是 5，不是 3：请重新读取后再试"
    en = "complaint-1 is at version 5, not 3: read it again and retry"
    told = [error.text(language) for language in ("zh-CN", "zh", "en", "fr")]
    assert told == [zh, zh, en, en]
    assert str(error) == en


def test_the_code_is_the_class_name_in_kebab_case_and_the_facts_are_its_fields():
    error = NotFound(what="complaint", id="7")
    assert (error.code, error.facts) == ("not-found", {"what": "complaint", "id": "7"})
    assert TooMany(times=3).code == "too-many"


def test_a_number_of_seconds_is_said_without_needless_digits():
    assert QueryTooSlow(seconds=5.0).text("en").startswith("The query took longer than 5 s")


@pytest.mark.parametrize("cls", list(every()), ids=lambda cls: cls.__name__)
def test_every_error_has_its_two_sentences_about_fields_that_it_has(cls):
    own = {field.name for field in fields(cls)}
    assert set(FIELD.findall(cls.zh)) <= own
    assert set(FIELD.findall(cls.en)) <= own
    assert re.search(r"[\u4e00-\u9fff]", cls.zh)
    assert not re.search(r"[\u4e00-\u9fff]", cls.en)


def test_each_code_is_one_errors_alone():
    codes = [cls.__name__.lower() for cls in every()]
    assert len(codes) == len(set(codes))


def test_the_tree_drawn_at_the_top_of_the_module_is_the_tree_of_its_classes():
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__)
    assert sorted(drawn) == sorted(cls.__name__ for cls in every())
