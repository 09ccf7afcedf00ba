"""What a correction changed of a fact: field by field, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from services.investigation.domain.facts.kinds import KINDS
from services.investigation.domain.facts.record import FactRecord


@dataclass(frozen=True, slots=True)
class Change:
    """`was` and `now` are texts as findings quote them; None where the source said nothing."""

    field: str
    zh: str
    en: str
    was: str | None
    now: str | None


def changes(corrected: FactRecord, correction: FactRecord) -> tuple[Change, ...]:
    """Every field whose value differs, in the order of the kind; none where only the source's own row does."""
    return tuple(
        Change(field.name, field.zh, field.en, corrected.text(field.name), correction.text(field.name))
        for field in KINDS[corrected.kind].fields
        if corrected.record.get(field.name) != correction.record.get(field.name)
    )


def sentence(corrected: FactRecord, correction: FactRecord, language: str) -> str:
    """Why something that rests on the fact has to be looked at again, in one sentence."""
    kind, zh = KINDS[corrected.kind], language.startswith("zh")
    told = "，".join if zh else ", ".join
    what = told(
        f"{one.zh if zh else one.en} {_said(one.was)} → {_said(one.now)}" for one in changes(corrected, correction)
    )
    key = "/".join(corrected.text(name) or "–" for name in kind.key)
    if zh:
        return f"所依据的{kind.zh}记录 {key} 已被更正：{what or '来源行有改动'}"
    return f"The {kind.en} record {key} that it rests on was corrected: {what or 'the source row changed'}"


def _said(value: str | None) -> str:
    return "–" if value is None else value
