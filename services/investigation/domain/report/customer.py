"""The customer edition: made from a list of what it may hold, never by leaving out, and blackened throughout (rule 16).

Every text of it, at whatever depth, passes through the same door; a field added later does too. What was made is then
held against the names once more, as content and as page: were one in it, the report would be refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from services.investigation.domain.errors import ComplaintNotJoined, ComplaintUnnamed, ConfidentialLeft
from services.investigation.domain.investigation.dossier import Dossier
from services.investigation.domain.report.confidential import blackened, named_in, names_in, without
from services.investigation.domain.report.plain import plain
from services.investigation.domain.report.sources import Header, Sources
from shared.contracts.intake.complaint import ComplaintItem
from shared.contracts.investigation.investigation import ComplaintJoined, ItemVerified
from shared.contracts.investigation.responsibility import (
    ResponsibilityAccepted,
    ResponsibilityContested,
    ResponsibilityProposed,
    ResponsibilityRevised,
)
from shared.contracts.words import LABELS

BLACKENED = "■■■"

_OURS = ("department", "post", "none", "customer_use")
"""Kinds of party whose code is no outsider's name."""


_FIELDS = frozenset(one.name for one in (*fields(ComplaintItem), *fields(ItemVerified), *fields(ComplaintJoined))) | {
    *("complaint", "problem", "verification", "root_causes", "actions", "effects", "conclusion"),
    *("leg", "category", "statement", "kind", "title", "due_date", "status"),
    *("verdict", "made_from", "made_to"),
}
"""The content's own field names: a supplier called so isn't named by them."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """`words` may not be read; `own` is what the customer knows itself, where a hidden word is only a part of it."""

    words: frozenset[str]
    own: frozenset[str]

    def say(self, text: str) -> str:
        """A word of the vocabularies names nobody."""
        return text if text in LABELS else blackened(text, self.words, BLACKENED, self.own)

    def left_in(self, texts: Iterable[str], unwritten: Iterable[str]) -> frozenset[str]:
        """The words that the texts hold and that don't stand in what is the same for every case anyhow."""
        return names_in(texts, self.words, self.own) - names_in(unwritten, self.words, self.own)


def whose(dossier: Dossier, asked: UUID | None) -> UUID:
    """The complaint that a customer edition is for: the one asked for, else the only one there is."""
    if asked is None and len(dossier.complaints) == 1:
        return next(iter(dossier.complaints))
    if asked is None:
        raise ComplaintUnnamed(complaints=len(dossier.complaints))
    if asked not in dossier.complaints:
        raise ComplaintNotJoined(complaint_id=str(asked))
    return asked


def customer(header: Header, sources: Sources) -> dict[str, Any]:
    """What the one customer may read. Raises ComplaintUnnamed, ComplaintNotJoined and ConfidentialLeft."""
    hidden = hidden_from(header, sources)
    told: dict[str, Any] = plain(_content(_own(header, sources), sources), hidden.say)
    refuse_left(hidden, _texts(told), LABELS)
    return told


def unwritten(header: Header, sources: Sources) -> dict[str, Any]:
    """The same with every text but coded words blackened: what a page of it says, every such page says."""
    told: dict[str, Any] = plain(_content(_own(header, sources), sources), _unwritten)
    return told


def _own(header: Header, sources: Sources) -> ComplaintJoined:
    return sources.dossier.complaints[whose(sources.dossier, header.complaint_id)]


def refuse_left(hidden: Hidden, texts: Iterable[str], same_for_all: Iterable[str]) -> None:
    left = hidden.left_in(texts, same_for_all)
    if left:
        raise ConfidentialLeft(words_left=tuple(sorted(left)))


def page_texts(page: bytes) -> list[str]:
    """All that a page says, its attributes too."""
    reading = _Reading()
    reading.feed(page.decode("utf-8"))
    reading.close()
    return reading.texts


def hidden_from(header: Header, sources: Sources) -> Hidden:
    """Names known as confidential, the other complaints' names and things, outside parties, and our own inner marks."""
    dossier, own = sources.dossier, _own(header, sources)
    others = [one for one in dossier.complaints.values() if one.complaint_id != own.complaint_id]
    names = {word for one in others for word in (one.account, one.complaint_no, str(one.complaint_id)) if word}
    names |= sources.confidential | set(_of_responsibility(dossier)) | {one.subject for one in dossier.team}
    hidden = without(names, {own.account or "", own.complaint_no})
    claimed = {word for one in own.items for word in _things(one)} | set(_orders(own))
    things = {word for one in others for item in one.items for word in _things(item)}
    things |= {word for one in others for word in _orders(one)} | set(_inner(sources))
    kept = {word for word in claimed if named_in(word, hidden) is None}
    kept |= {header.report_no, own.complaint_no, own.account or ""}
    return Hidden(hidden | without(things, claimed), frozenset(kept))


def _content(own: ComplaintJoined, sources: Sources) -> dict[str, Any]:
    """An effect without its figures: they count other customers' units."""
    dossier = sources.dossier
    return {
        "complaint": {
            "complaint_no": own.complaint_no,
            "received_at": own.received_at,
            "severity": own.severity,
            "items": own.items,
        },
        "problem": dossier.problem.statement if dossier.problem else None,
        "verification": [
            {
                "item_no": one.item_no,
                "outcome": one.outcome,
                "product": one.product,
                "lot": one.lot,
                "quantity": one.quantity,
                "defect_codes": one.defect_codes,
                "note": one.note,
            }
            for (complaint_id, _), one in dossier.verified.items()
            if complaint_id == own.complaint_id
        ],
        "root_causes": [
            {"leg": root.leg, "category": root.category, "statement": root.statement} for root in dossier.roots.values()
        ],
        "actions": [
            {
                "kind": "corrective" if action.kind == "supplier_corrective" else action.kind,
                "title": action.title,
                "due_date": action.due_date,
                "status": action.status,
            }
            for action in sources.actions
        ],
        "effects": [
            {"verdict": effect.verdict, "made_from": effect.made_from, "made_to": effect.made_to}
            for effect in sources.effects
            if effect.verdict
        ],
        "conclusion": {"outcome": dossier.concluded.outcome, "statement": dossier.concluded.statement}
        if dossier.concluded
        else None,
    }


def _of_responsibility(dossier: Dossier) -> Iterator[str]:
    """Outside parties, the rules and clauses that say who bears, and who proposed or answered."""
    for history in dossier.responsibility.values():
        for event in history:
            for share in getattr(event, "shares", ()):
                yield from (share.rule, share.clause)
                if share.party.kind not in _OURS:
                    yield share.party.code
            match event:
                case ResponsibilityProposed() | ResponsibilityRevised():
                    yield event.proposed_by
                case ResponsibilityAccepted() | ResponsibilityContested() if event.answered_by:
                    yield event.answered_by


def _things(item: ComplaintItem) -> Iterator[str]:
    """What tells one customer's goods from another's."""
    named = (item.product, item.model, item.customer_part_no, item.lot, *item.serials, item.gtin, item.udi)
    return (word for word in named if word)


def _orders(joined: ComplaintJoined) -> Iterator[str]:
    return (word for word in (joined.order_no, joined.delivery_no) if word)


def _inner(sources: Sources) -> Iterator[str]:
    """Lots that were looked into, and the numbers of the CAPAs."""
    for root in sources.dossier.roots.values():
        yield from root.lots
    for entry in sources.dossier.nodes.values():
        yield from entry.examined
    for group in sources.dossier.ranking.groups if sources.dossier.ranking else ():
        yield from (member.level for member in group.members if "lot" in member.attribute)
    yield from (action.capa_no for action in sources.actions)


def _unwritten(text: str) -> str:
    return text if text in LABELS else BLACKENED


def _texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value, names too unless they are a field's: a key may be made of data one day."""
    match value:
        case str():
            yield value
        case Mapping():
            for name, one in value.items():
                if name not in _FIELDS:
                    yield name
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.texts += [value for _, value in attrs if value]
