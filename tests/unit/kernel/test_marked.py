"""Marked texts are found wherever they stand in an event, with whose key each needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

import msgspec
import pytest

from shared.contracts.event import Event
from shared.contracts.marks import Internal, PersonalText, PrivateText
from shared.kernel.marked import key_owners, leave_out, marked_fields, rewrite
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
class Seen(Met):
    sums: Annotated[tuple[str, ...], Internal()] = ()


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
SEEN = Seen(**vars(MET), sums=("1", "2"))


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


def test_what_is_left_out_is_every_marked_field_wherever_it_stands_and_nothing_else():
    plain = msgspec.json.decode(msgspec.json.encode(SEEN))
    leave_out(SEEN, plain)
    assert plain == {
        "subject_id": str(PERSON),
        "team": {"lead": {"region": None}, "members": [{"region": None}, {"region": "East"}], "room": "7"},
        "party_key": str(PARTY),
        "visitors": [{"region": None}],
    }
    assert marked_fields(Seen) == {"Seen": {"words", "note", "sums"}, "Person": {"name", "phone"}}


def test_what_is_internal_has_no_owner_and_stays_as_it_is():
    seen, rewritten = walked(SEEN)
    assert [path for path, _, _ in seen] == [path for path, _, _ in walked(MET)[0]]
    assert rewritten.sums == ("1", "2")
