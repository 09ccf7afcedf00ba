"""What the triage table may ask of a complaint, and how its outputs become an answer."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.intake.complaint import ComplaintRegistered, NamedValue, TriageAnswer
from shared.kernel import codec
from shared.kernel.errors import Invalid

SAFETY_PREFIX = "SAFE-"
"""A defect code that begins so is a safety defect."""

Inputs = Mapping[str, str | int | bool]


class TableAnswerInvalid(Invalid):
    """The published table answered with something that is no severity, scope or priority."""

    zh = "分级规则的输出无效"
    en = "The triage table's outputs are not valid"


def triage_inputs(form: ComplaintRegistered) -> Inputs:
    """Every declared input, always there; nothing personal among them. Quantities are rounded up to whole units."""
    codes = [code for item in form.items for code in item.defect_codes]
    quantity = sum(item.quantity_affected for item in form.items)
    return {
        "harm": form.harm,
        "quantity_affected": -int(-quantity // 1),
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


def answer_of(outputs: Mapping[str, object]) -> TriageAnswer:
    """Raises TableAnswerInvalid."""
    said = {name: outputs.get(name) for name in ("severity", "scope", "priority")}
    said["response_plan"] = outputs.get("response_plan") or None
    try:
        answer: TriageAnswer = codec.decode_plain(codec.encode_plain(said), TriageAnswer)
    except ValueError:
        raise TableAnswerInvalid from None
    return answer
