from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.investigation.domain.errors import AlreadyOpened, ComplaintNotJoined, EvidenceMissing, ItemUnknown
from services.investigation.domain.investigation.commands import (
    AssignTeamMember,
    JoinComplaint,
    LeaveComplaint,
    OpenInvestigation,
    StateProblem,
)
from shared.contracts.investigation.investigation import ComplaintLeft, InvestigationOpened, ItemVerified
from shared.kernel.errors import NotFound
from tests.unit.investigation.case import states as s

OPEN = OpenInvestigation(
    investigation_id=s.CASE, investigation_no="I2026-0001", flow="default", flow_version=0, joined=s.joined()
)
OPENED = InvestigationOpened(
    investigation_id=s.CASE,
    investigation_no="I2026-0001",
    flow="default",
    flow_version=0,
    from_complaint=s.COMPLAINT,
)


def test_a_hand_over_opens_an_investigation_with_its_complaint():
    s.case.given().when(OPEN).then(OPENED, s.joined())


def test_an_investigation_is_opened_once():
    s.case.given(s.opened()).when(OPEN).refused(AlreadyOpened)


def test_many_complaints_join_one_investigation_each_once():
    other = s.joined(s.OTHER_COMPLAINT)
    given = s.case.given(s.opened(), other)
    assert set(given.state.complaints) == {s.COMPLAINT, s.OTHER_COMPLAINT}
    given.when(JoinComplaint(complaint_id=other.complaint_id, joined=other)).then_nothing()


def test_a_complaint_leaves_with_a_reason():
    leave = LeaveComplaint(complaint_id=s.COMPLAINT, reason="另一批次")
    left = ComplaintLeft(investigation_id=s.CASE, complaint_id=s.COMPLAINT, reason="另一批次")
    s.case.given(s.opened()).when(leave).then(left)
    s.case.given(s.opened(), left).when(leave).refused(ComplaintNotJoined)


def test_nothing_is_asked_of_an_investigation_that_isnt_there():
    for command in (StateProblem(statement="x"), s.clear(node="nowhere"), s.confirm_root(), s.report()):
        s.case.given().when(command).refused(NotFound, what="investigation")


def test_a_team_member_is_assigned_once_a_role():
    command = AssignTeamMember(subject="u-1", role="leader")
    assigned = s.after(command, given=s.opened())
    s.case.given(assigned).when(command).then_nothing()


def test_an_item_is_verified_with_evidence_and_keeps_the_claimed_lot():
    (event,) = s.case.given(s.opened()).when(s.verified()).events
    assert isinstance(event, ItemVerified)
    assert (event.product, event.lot, event.outcome) == ("P-1", "L-1", "confirmed")


def test_an_item_isnt_verified_without_evidence_or_where_there_is_none():
    given = s.case.given(s.opened())
    given.when(replace(s.verified(), evidence=())).refused(EvidenceMissing)
    given.when(replace(s.verified(), item_no=2)).refused(ItemUnknown, item_no=2)
    given.when(replace(s.verified(), complaint_id=UUID(int=99))).refused(ComplaintNotJoined)
