"""Marked texts are found wherever they stand in an event, with whose key each needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from shared.contracts.event import Event
from shared.contracts.marks import PersonalText, PrivateText
from shared.kernel.marked import key_owners, rewrite
from tests.unit.kernel.tally import reopened

PERSON, PARTY = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Person:
    name: PersonalText
    phone: PersonalText | None = None
    region: str | None = None


@dataclass(frozen=True)
class Team:
    lead: Person
    members: tuple[Person, ...] = ()
    room: str = "7"


@dataclass(frozen=True)
class Met(Event):
    subject_id: UUID
    team: Team
    words: PersonalText
    party_key: UUID | None = None
    note: PrivateText | None = None
    visitors: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Ownerless(Event):
    words: PersonalText


MET = Met(
    subject_id=PERSON,
    team=Team(lead=Person("甲", phone="1"), members=(Person("乙"), Person("丙", region="East"))),
    words="漏液",
    party_key=PARTY,
    note="own",
    visitors=(Person("丁"),),
)


def walked(event):
    seen = []

    def change(path, owner, text):
        seen.append((path, owner, text))
        return f"<{text}>"

    return seen, rewrite(event, change)


def test_every_marked_text_is_met_once_with_its_path_and_its_owner():
    seen, _ = walked(MET)
    assert seen == [
        ("team.lead.name", PERSON, "甲"),
        ("team.lead.phone", PERSON, "1"),
        ("team.members[0].name", PERSON, "乙"),
        ("team.members[1].name", PERSON, "丙"),
        ("words", PERSON, "漏液"),
        ("note", PARTY, "own"),
        ("visitors[0].name", PERSON, "丁"),
    ]


def test_the_copy_has_every_marked_text_changed_and_nothing_else():
    _, changed = walked(MET)
    assert changed == Met(
        subject_id=PERSON,
        team=Team(lead=Person("<甲>", phone="<1>"), members=(Person("<乙>"), Person("<丙>", region="East"))),
        words="<漏液>",
        party_key=PARTY,
        note="<own>",
        visitors=(Person("<丁>"),),
    )
    assert MET.team.lead.name == "甲"


def test_what_is_absent_is_not_met_and_needs_no_key():
    assert key_owners(MET) == {PERSON, PARTY}
    assert key_owners(replace(MET, note=None, party_key=None)) == {PERSON}


def test_an_event_without_marks_is_itself():
    event = reopened("x")
    seen, same = walked(event)
    assert (seen, same is event, key_owners(event)) == ([], True, set())


@pytest.mark.parametrize("event", [Ownerless(words="x"), replace(MET, party_key=None)], ids=["no field", "no value"])
def test_a_marked_text_without_an_owner_is_never_let_through(event):
    with pytest.raises(ValueError, match=r"is marked, but the event names no (subject_id|party_key)"):
        key_owners(event)
