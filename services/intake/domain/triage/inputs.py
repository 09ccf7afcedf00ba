"""What the triage table may ask of a complaint, and how its outputs become an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil

from services.intake.domain.errors import TriageRulesInvalid
from shared.contracts.intake.complaint import ComplaintRegistered, NamedValue, TriageAnswer
from shared.kernel import codec

SAFETY_PREFIX = "SAFE-"
"""A defect code that begins so is a safety defect."""

Inputs = Mapping[str, str | int | bool]


NAMES = frozenset({"harm", "quantity_affected", "item_count", "lots_known", "safety_defect", "scenario", "channel"})
"""What a table may ask for."""


def triage_inputs(form: ComplaintRegistered) -> Inputs:
    """All of NAMES, always there; nothing personal among them. Quantities are rounded up to whole units."""
    codes = [code for item in form.items for code in item.defect_codes]
    quantity = sum(item.quantity_affected for item in form.items)
    return {
        "harm": form.harm,
        "quantity_affected": ceil(quantity),
        "item_count": len(form.items),
        "lots_known": all(item.lot for item in form.items),
        "safety_defect": any(code.startswith(SAFETY_PREFIX) for code in codes),
        "scenario": form.scenario or "",
        "channel": form.channel,
    }


def named(inputs: Inputs) -> tuple[NamedValue, ...]:
    """As they stand in the event."""
    return tuple(
        NamedValue(name=name, value=codec.encode_plain(value).decode()) for name, value in sorted(inputs.items())
    )


def check_rules(asked: Iterable[str], rows: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """A table asks for what we know, and each row (id, outputs) answers and says why. Raises TriageRulesInvalid."""
    for name in sorted(set(asked) - NAMES):
        raise TriageRulesInvalid(where=name, problem_zh="没有这个输入", problem_en="there is no such input")
    for row, outputs in rows:
        answer_of(row, outputs)
        if not all(isinstance(why := outputs.get(name), str) and why.strip() for name in ("why_zh", "why_en")):
            raise TriageRulesInvalid(
                where=row, problem_zh="缺少 why_zh 或 why_en", problem_en="why_zh or why_en is missing"
            )


def answer_of(row: str, outputs: Mapping[str, object]) -> TriageAnswer:
    """Raises TriageRulesInvalid."""
    said = {name: outputs.get(name) for name in ("severity", "scope", "priority")}
    said["response_plan"] = outputs.get("response_plan") or None
    try:
        answer: TriageAnswer = codec.decode_plain(codec.encode_plain(said), TriageAnswer)
    except ValueError as error:
        zh, en = f"不是评估结论：{error}", f"not an answer: {error}"
        raise TriageRulesInvalid(where=row, problem_zh=zh, problem_en=en) from None
    return answer
