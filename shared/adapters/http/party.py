"""Parties as tokens, commands and queries write them (`kind:code`), and which roles may speak for which (rule 13)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import get_args

from shared.adapters.http.body import CODE_LENGTH, CODE_PATTERN
from shared.adapters.http.edge_errors import BadParameter
from shared.contracts.party import Party
from shared.contracts.words import PartyKind

NOBODY_SPEAKS_FOR = frozenset[PartyKind]({"customer_use", "none"})
KINDS: tuple[PartyKind, ...] = tuple(kind for kind in get_args(PartyKind) if kind not in NOBODY_SPEAKS_FOR)
SPEAKS_FOR: Mapping[str, frozenset[PartyKind]] = {
    "supplier": frozenset({"supplier"}),
    "department_lead": frozenset({"department", "post"}),
}
"""The only kinds that these roles may stand for; a post is a department's own (`post:production_manager`)."""

_CODE = re.compile(CODE_PATTERN)


class NotAParty(ValueError):
    """A text that names no party, or none that the token's roles may speak for."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} · {en}")
        self.zh = zh
        self.en = en


def party_of(text: str) -> Party:
    """The party written `kind:code`, taken letter by letter: nothing is trimmed or folded. Raises NotAParty."""
    kind, _, code = text.partition(":")
    if kind not in KINDS or len(code) > CODE_LENGTH or not _CODE.fullmatch(code):
        kinds = ", ".join(KINDS)
        raise NotAParty(
            f"责任方应写作 类别:代码，如 supplier:S-001；类别为 {kinds}",
            f"a party is written KIND:CODE, such as supplier:S-001; the kinds are {kinds}",
        )
    return Party(kind=kind, code=code)


def party_in(parameter: str, text: str | None) -> Party | None:
    """The party of the query parameter of this name; None where it isn't given. Raises BadParameter."""
    try:
        return None if text is None else party_of(text)
    except NotAParty as error:
        raise BadParameter(parameter=parameter, expected_zh=error.zh, expected_en=error.en) from None


def parties_for(roles: Iterable[str], texts: Iterable[str]) -> frozenset[Party]:
    """The parties that somebody of these roles speaks for. Raises NotAParty.

    One that a role may not stand for is refused, never left out: who belongs to it would no longer be kept from
    confirming its share.
    """
    parties = frozenset(map(party_of, texts))
    for role in sorted(roles):
        for party in sorted(parties, key=str):
            if party.kind not in SPEAKS_FOR.get(role, KINDS):
                raise NotAParty(f"角色 {role} 不能代表 {party}", f"the role {role} can't speak for {party}")
    return parties
