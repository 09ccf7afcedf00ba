"""The answer in plain sentences, zh and en."""

from __future__ import annotations

import math

from services.investigation.domain.localisation.ranking import TIMES
from services.investigation.domain.localisation.result import (
    Apart,
    Group,
    Localisation,
    Member,
    Nested,
)
from shared.contracts.words import label

_LEAST_LOG_P = -300 * math.log(10)

_HINT = {
    ("inspect", "zh"): "为区分 {carries} 与 {lacks}：检查产品 {product} 中用了前者而未用后者的 {units} 件。",
    ("inspect", "en"): "To tell {carries} from {lacks}: inspect the {units} units of product {product} that carry the "
    "first and not the second.",
    ("make", "zh"): "为区分 {carries} 与 {lacks}：目前没有只用其一的产品，需用前者而不用后者试制并检验。",
    ("make", "en"): "To tell {carries} from {lacks}: no unit carries only one of them yet; make and inspect units with "
    "the first and without the second.",
}
_UNDECIDED = {
    False: (
        "数据不能区分批次与时段。请在别的时段再用此批，或查同一时段的其他批。",
        "The data can't tell the lot from its period. Use it at another time, or look at its period's other lots.",
    ),
    True: (
        "数据不能区分时段与其间所用的批次。请查这些批次在别的时段的产品，或该时段用其他批次的产品。",
        "The data can't tell the period from the lots used in it. Look at those lots elsewhere, or at its other lots.",
    ),
}
"""Whether the group itself is a time → zh, en."""
_NEST = {
    ("narrower", "zh"): "它在第 {inside} 组之内，且足以解释该组（组内 p={within}，其余 p={rest}）。",
    ("narrower", "en"): "It lies inside group {inside} and explains it (within p={within}, the rest p={rest}).",
    ("wider", "zh"): "它在第 {inside} 组之内，但问题遍及该组（组内 p={within}，其余 p={rest}）。",
    ("wider", "en"): "It lies inside group {inside}, whose other units are bad too (within p={within}, rest p={rest}).",
    ("both", "zh"): "它在第 {inside} 组之内，比该组其余更差，而其余也偏多（组内 p={within}，其余 p={rest}）。",
    ("both", "en"): "It lies inside group {inside} and is worse than its rest, which is bad too (within p={within}, "
    "rest p={rest}).",
    ("undecided", "zh"): "它在第 {inside} 组之内，数据不能区分二者（组内 p={within}）：请检查该组其余的产品。",
    (
        "undecided",
        "en",
    ): "It lies inside group {inside}; the data can't tell the two apart (within p={within}): inspect "
    "the units of the wider group outside it.",
}


def explain(result: Localisation, language: str) -> str:
    """The whole answer, one sentence a line; any language that isn't zh gets English."""
    zh = language.startswith("zh")
    lines = [_opening(result, zh=zh)]
    if result.abstained is not None:
        return "\n".join([*lines, _abstains(result, zh=zh)])
    lines.append(_verdict(result, zh=zh))
    for group in result.groups:
        if group.verdict != "not_significant":
            lines += _group(group, result.groups, language)
    return "\n".join(lines)


def tell_apart(group: Group, language: str) -> str:
    """The tests that would tell a group's members apart, one a line; empty where it has one member."""
    return "\n".join(_apart(hint, zh=language.startswith("zh")) for hint in group.apart)


def _opening(result: Localisation, *, zh: bool) -> str:
    units, bad, lotless = result.units, result.bad, result.without_lot
    if zh:
        return f"共 {units} 件，其中确认不良 {bad} 件；批号缺失或不在记录中的不良项 {lotless} 件。"
    return f"{units} units, {bad} of them confirmed bad; {lotless} bad items have no lot on record."


def _abstains(result: Localisation, *, zh: bool) -> str:
    why = result.abstained
    if why is not None and why.reason == "too_few_bad":
        if zh:
            return f"不作判断：确认不良只有 {why.have} 件，至少需要 {why.enough} 件。"
        return f"No judgement: only {why.have} confirmed bad, at least {why.enough} are needed."
    if zh:
        return "不作判断：没有一个产品既有不良又有良品、且批次不同，无从比较。"
    return "No judgement: no product has bad and good units that differ in anything on record; nothing to compare."


def _verdict(result: Localisation, *, zh: bool) -> str:
    share, tests = _number(result.settings.alpha), result.tests
    if not result.significant:
        if zh:
            return f"未发现原因：检验了 {tests} 个水平，Holm 校正后均不显著（α={share}）。"
        return f"No cause found: of {tests} levels tested none is significant after Holm's correction (α={share})."
    suspects, unclear = len(result.suspects), sum(g.verdict == "lot_or_period" for g in result.groups)
    if zh:
        return f"检验了 {tests} 个水平（Holm 校正，α={share}）：可疑 {suspects} 组，“批次或时段”不能区分 {unclear} 组。"
    return (
        f"{tests} levels tested (Holm's correction, α={share}): {suspects} suspect group(s), "
        f"{unclear} where lot and period can't be told apart."
    )


def _group(group: Group, groups: tuple[Group, ...], language: str) -> list[str]:
    zh = language.startswith("zh")
    lines = [_figures(group, _names(group, zh=zh), language)]
    if group.verdict == "lot_or_period":
        of_time = all(member.kind in TIMES for member in group.members)
        lines.append(_UNDECIDED[of_time][0 if zh else 1])
    if group.nested is not None:
        lines.append(_nested(group.nested, _names(groups[group.nested.inside - 1], zh=zh), zh=zh))
    lines += [_apart(hint, zh=zh) for hint in group.apart]
    return ["  " + line if at else line for at, line in enumerate(lines)]


def _figures(group: Group, names: str, language: str) -> str:
    verdict = label(group.verdict, language)
    odds = _odds(group)
    exact, adjusted = _p_value(group.log_p_exact), _p_value(group.log_p_adjusted)
    turned, blocked = _number(group.p_permutation), _number(group.p_time_blocks)
    if language.startswith("zh"):
        return (
            f"{group.rank}. {names}：{verdict}。{group.units} 件中不良 {group.bad} 件（按比例应为 "
            f"{_number(group.expected_bad)} 件），优势比 {odds}；精确检验 p={exact}（Holm 校正后 "
            f"{adjusted}），轮转置换 p={turned}，时段内 p={blocked}。"
        )
    return (
        f"{group.rank}. {names}: {verdict.lower()}. {group.bad} of {group.units} units bad "
        f"({_number(group.expected_bad)} expected), odds ratio {odds}; exact test p={exact} ({adjusted} after "
        f"Holm's correction), rotations p={turned}, within time blocks p={blocked}."
    )


def _nested(nest: Nested, wide: str, *, zh: bool) -> str:
    template = _NEST[nest.answer, "zh" if zh else "en"]
    return template.format(
        inside=f"{nest.inside}（{wide}）" if zh else f"{nest.inside} ({wide})",
        within=_number(nest.p_within),
        rest=_number(nest.p_rest),
    )


def _apart(hint: Apart, *, zh: bool) -> str:
    return _HINT[hint.how, "zh" if zh else "en"].format(
        carries=_name(hint.carries), lacks=_name(hint.lacks), product=hint.product, units=hint.units
    )


def _names(group: Group, *, zh: bool) -> str:
    return ("、" if zh else ", ").join(_name(m) for m in group.members)


def _odds(group: Group) -> str:
    if group.odds is None:
        return "–"
    return f"{_number(group.odds.estimate)} [{_number(group.odds.low)}, {_number(group.odds.high)}]"


def _name(member: Member) -> str:
    return f"{member.attribute}={member.level}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return "∞" if math.isinf(value) else f"{value:.3g}"


def _p_value(log_p: float) -> str:
    """Of its natural logarithm: a p too small for a float isn't zero."""
    return _number(math.exp(log_p)) if log_p > _LEAST_LOG_P else "<1e-300"
