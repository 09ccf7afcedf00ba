"""One complaint as it stands, and its timeline: pure folds of its stream."""

from __future__ import annotations

from hypothesis import given

from services.intake.domain.complaint.commands import CorrectDetail
from services.intake.readmodels.complaint_view import complaint_view, deadlines_view, timeline
from shared.contracts.event import type_of
from shared.kernel import codec
from tests.unit.intake import states as s
from tests.unit.intake.walks import lives, log_of


def view(events, language="zh"):
    return complaint_view(log_of(events).events, language)


def test_the_whole_form_with_its_corrections_and_what_came_of_it():
    correct = CorrectDetail(path="items[1].lot", value="L-9", now=s.NOW, reason="看错批号")
    found = view(s.after(correct, given=s.ready_to_close()))
    assert (found["form"]["complaint_no"], found["form"]["items"][0]["lot"]) == (s.NUMBER, "L-9")
    assert found["form"]["customer"]["name"] == "王小明"
    assert (found["status"], found["status_label"]) == ("resolved", "已解决")
    assert view(s.ready_to_close(), "en")["status_label"] == "Resolved"
    assert (found["triage"]["matched_row"], found["triage"]["overridden"]) == ("some", False)
    assert (found["outcome"], found["resolution"]["answer"]) == ("root_cause_confirmed", "customer")
    assert found["resolution"]["remedy"]["replacement_serial"] == "S-2"
    assert [one["body"] for one in found["responses"]] == ["给您换新"]


def test_as_of_an_earlier_position_it_is_what_it_was():
    events = s.closed()
    stands = [complaint_view(log_of(events).events[:n], "zh")["status"] for n in range(1, len(events) + 1)]
    assert stands == [
        "registered",
        "triaged",
        "handed_over",
        "outcome_known",
        "outcome_known",
        "resolution_offered",
        "resolved",
        "resolved",
        "closed",
    ]


def test_the_keyed_sums_of_the_content_are_nobodys_business():
    assert "content_sums" not in view(s.registered(content_sums=s.sums(description="aa")))["form"]


def test_what_is_left_of_each_clock_and_whether_it_was_late():
    (acknowledgement, answer) = deadlines_view(log_of(s.registered()).events, s.RECEIVED + 2 * s.DAY, "en")
    assert (acknowledgement["clock_label"], acknowledgement["remaining_seconds"]) == ("Acknowledgement", -86400)
    assert (answer["clock"], answer["late"], len(answer["because"])) == ("final_answer", False, 1)


def test_the_timeline_says_who_did_what_when_in_both_languages():
    for language, title in (("zh", "投诉已登记"), ("en", "Complaint registered")):
        first = timeline(log_of(s.closed()).events, language)[0]
        assert (first["title"], first["actor"], first["recorded_at"]) == (title, "somebody", s.RECEIVED)
        assert (first["position"], first["version"], first["data"]["complaint_no"]) == (1, 1, s.NUMBER)


@given(lives())
def test_every_life_can_be_shown_as_json(events):
    log = log_of(events).events
    assert [step["type"] for step in timeline(log, "zh")] == [type_of(type(event)).name for event in events]
    assert codec.encode_plain([complaint_view(log, "zh"), timeline(log, "en"), deadlines_view(log, s.NOW, "zh")])
