"""Shares of responsibility by published rules, and what makes a set of shares sound (rule 11)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import cast, get_args

from services.investigation.domain.errors import (
    DepartmentIsTheNodes,
    PartyUnnamed,
    RulesInvalid,
    ShareInvalid,
    SharesDontAddUp,
)
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.cause import RootCauseConfirmed
from shared.contracts.investigation.responsibility import Share
from shared.contracts.party import Party
from shared.contracts.words import PartyKind, ShareKind

WHOLE = Decimal(100)
MAX_SHARES = 20
"""Shares of one root cause at most."""

_BLANK = re.compile(r"\{(\w+)\}")
_KINDS: frozenset[str] = frozenset(get_args(PartyKind))
_SHARE_KINDS: frozenset[str] = frozenset(get_args(ShareKind))
_PARTY = re.compile(rf"(?:{'|'.join(sorted(_KINDS))}):\S(?:.{{0,198}}\S)?")
"""The code without blanks at its ends: nobody could speak for a party whose code has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One matched row of the published table, which gives one share.

    `party` is `kind:code`; words in braces are facts of the case: `supplier:{supplier}`, `post:{department}_manager`.
    `percent` is None for management responsibility.
    """

    rule: str
    clause: str
    kind: ShareKind
    party: str
    percent: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFacts:
    """What the rules look at, and who the outside parties of this case are (`supplier` → its code)."""

    root: RootCauseConfirmed
    department: str
    parties: Mapping[str, str]
    evidence: tuple[EvidenceRef, ...]

    @property
    def inputs(self) -> dict[str, str]:
        """The fields of the decision table."""
        return {
            "leg": self.root.leg,
            "level": self.root.level,
            "boundary": self.root.boundary,
            "category": self.root.category,
            "node": self.root.node,
            "department": self.department,
        }


INPUTS = frozenset({"leg", "level", "boundary", "category", "node", "department"})


def check_rules(asked: Iterable[str], rows: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """A table asks for what we know, and each row (id, outputs) is a share with its basis. Raises RulesInvalid."""
    for name in sorted(set(asked) - INPUTS):
        raise RulesInvalid(where=name, problem_zh="没有这个输入", problem_en="there is no such input")
    for where, outputs in rows:
        try:
            row = row_from(outputs)
        except ShareInvalid as refused:
            raise RulesInvalid(where=where, problem_zh=refused.problem_zh, problem_en=refused.problem_en) from None
        if not row.rule.strip() or not row.clause.strip():
            raise RulesInvalid(where=where, problem_zh="缺少 rule 或 clause", problem_en="rule or clause is missing")


def row_from(outputs: Mapping[str, object]) -> RuleRow:
    """A row of the table as evaluated. Raises ShareInvalid where an output isn't what a share needs."""
    party = str(outputs.get("party") or "")
    kind = str(outputs.get("share") or "")
    if kind not in _SHARE_KINDS:
        zh, en = f"规则给出的责任类别「{kind}」无效", f"no such kind of share: '{kind}'"
        raise ShareInvalid(party=party, problem_zh=zh, problem_en=en)
    if not _PARTY.fullmatch(party):
        zh, en = f"责任方「{party}」应为 类别:代码", f"the party '{party}' should be kind:code"
        raise ShareInvalid(party=party, problem_zh=zh, problem_en=en)
    return RuleRow(
        rule=str(outputs.get("rule") or ""),
        clause=str(outputs.get("clause") or ""),
        kind=cast("ShareKind", kind),
        party=party,
        percent=None if kind == "management" else _percent(party, outputs.get("percent")),
    )


def _percent(party: str, said: object) -> Decimal:
    """A whole number, or a decimal as text."""
    try:
        percent = Decimal(str(said)) if not isinstance(said, bool) else Decimal("NaN")
    except InvalidOperation:
        percent = Decimal("NaN")
    if not (percent.is_finite() and 0 < percent <= WHOLE):
        zh, en = f"比例「{said}」应大于 0 且不超过 100", f"the percentage '{said}' should be above 0 and 100 at most"
        raise ShareInvalid(party=party, problem_zh=zh, problem_en=en)
    return percent


def shares_from(rows: Sequence[RuleRow], facts: CauseFacts) -> tuple[Share, ...]:
    """One share a row, each with its rule, its clause and the evidence of the cause. The whole is `sound`.

    Raises DepartmentIsTheNodes: whom the node belongs to is the flow's word, not the proposer's.
    """
    if facts.department and facts.parties.get("department", facts.department) != facts.department:
        raise DepartmentIsTheNodes(department=facts.department)
    shares = tuple(
        Share(
            party=_party(row, facts),
            kind=row.kind,
            percent=row.percent,
            rule=row.rule,
            clause=row.clause,
            evidence=facts.evidence,
        )
        for row in rows
    )
    sound(shares)
    return shares


def sound(shares: Sequence[Share]) -> None:
    """Rule 11: primary and secondary add up to 100, management stands beside them, every share has its basis."""
    for share in shares:
        problem = _wrong_with(share)
        if problem is not None:
            raise ShareInvalid(party=str(share.party), problem_zh=problem[0], problem_en=problem[1])
    if len(shares) > MAX_SHARES:
        raise ShareInvalid(party="–", problem_zh=f"超过 {MAX_SHARES} 份", problem_en=f"more than {MAX_SHARES} shares")
    seen = [(share.party, share.kind) for share in shares]
    for party, kind in seen:
        if seen.count((party, kind)) > 1:
            raise ShareInvalid(party=str(party), problem_zh="同一责任重复出现", problem_en="bears the same kind twice")
    total = sum((share.percent for share in shares if share.percent is not None), Decimal(0))
    if total != WHOLE:
        raise SharesDontAddUp(total=str(total))
    if not any(share.kind == "primary" for share in shares):
        raise ShareInvalid(party="–", problem_zh="没有主要责任方", problem_en="nobody bears the primary share")


def _wrong_with(share: Share) -> tuple[str, str] | None:
    if not share.party.code.strip():
        return "责任方没有编号", "the party has no code"
    if not share.rule.strip() or not share.clause.strip():
        return "必须写明规则和质量手册条款", "its rule and its clause in the quality manual must be named"
    if not share.evidence:
        return "必须引用证据", "evidence must support it"
    if share.kind == "management":
        return None if share.percent is None else ("管理责任另列，不占比例", "management stands beside the 100 %")
    if share.percent is None or not 0 < share.percent <= WHOLE:
        return "比例必须在 0 与 100 之间", "its percentage must lie between 0 and 100"
    return None


def _party(row: RuleRow, facts: CauseFacts) -> Party:
    kind, _, code = row.party.partition(":")
    if kind not in _KINDS or not code:
        raise ShareInvalid(party=row.party, problem_zh="规则中的责任方无效", problem_en="the rule names no valid party")
    known = {"department": facts.department, **facts.parties}

    def named(blank: re.Match[str]) -> str:
        if not known.get(blank[1]):
            raise PartyUnnamed(rule=row.rule, name=blank[1])
        return known[blank[1]]

    return Party(kind=cast("PartyKind", kind), code=_BLANK.sub(named, code))


def bearing(shares: Iterable[Share], parties: frozenset[Party]) -> Party | None:
    """The first bearing party among those that the actor speaks for."""
    return next((share.party for share in shares if share.party in parties), None)
