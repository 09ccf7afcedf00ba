"""A complaint as a plain record, by the rules alone: what may be done, where it stands, which clocks were met.

Nothing of the product is used here, so that the two can disagree. `None` from a command means: accepted; else the code
of the refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

BEFORE_TRIAGE = {"acknowledgement": 24, "final_answer": 720}
AFTER_TRIAGE = {
    "minor": {"first_response": 72, "final_answer": 720},
    "major": {"first_response": 24, "final_answer": 336},
    "critical": {"first_response": 8, "final_answer": 168},
    "safety": {"first_response": 4, "final_answer": 72},
}
"""Hours that the published policy promises."""

SILENCE = timedelta(days=14)
BLANK = "   "


@dataclass
class Clock:
    due: datetime
    first_due: datetime
    met: datetime | None = None
    breached: bool = False


@dataclass
class PlainComplaint:
    """`offer` is None, open, customer, silence or rejected; `events` counts what must have been recorded."""

    received: datetime | None = None
    acknowledged: bool = False
    replied: bool = False
    severity: str | None = None
    plan: str | None = None
    investigation: str | None = None
    own: bool = False
    outcome: str | None = None
    told: bool = False
    offer: str | None = None
    resolution: str | None = None
    respond_by: datetime | None = None
    remedied: bool = False
    closed: bool = False
    lot: str | None = "L-1"
    clocks: dict[str, Clock] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        word = "acknowledged" if self.acknowledged else "registered"
        word = "triaged" if self.severity else word
        word = "handed_over" if self.investigation else word
        word = "outcome_known" if self.outcome else word
        word = "resolution_offered" if self.offer == "open" else word
        word = "resolved" if self._accepted else word
        return "closed" if self.closed else word

    def allowed(self, now: datetime) -> set[str]:
        """What somebody may do now, with nothing wrong in what they say."""
        if self.received is None:
            return {"register"}
        always = {"correct", "triage", "respond", "satisfaction"}
        if self.closed:
            return always | {"reopen"}
        judged = {
            "acknowledge": not self.acknowledged,
            "hand_over": self.severity is not None and not (self.own and self.outcome is None),
            "offer": self.offer != "open",
            "accept": self.offer == "open",
            "silence": self.offer == "open" and self.respond_by is not None and now >= self.respond_by,
            "reject": self.offer == "open",
            "remedy": self._accepted,
            "close": self.told and self._accepted and self.remedied,
        }
        return always | {what for what, may in judged.items() if may}

    @property
    def _accepted(self) -> bool:
        return self.offer in ("customer", "silence")

    def register(self, received: datetime) -> None:
        self.received = received
        self._promise(BEFORE_TRIAGE, received)
        self.events.append("ComplaintRegistered")

    def acknowledge(self, now: datetime, *, automatic: bool) -> str | None:
        if self.closed:
            return "complaint-is-closed"
        if self.acknowledged:
            return "already-acknowledged"
        self.acknowledged = True
        self._word(now, automatic=automatic, tells=False)
        self.events.append("ComplaintAcknowledged")
        return None

    def triage(self, now: datetime, severity: str, plan: str | None, *, overrides: bool, reason: str) -> str | None:
        """Rule 3. On a closed case it is a flag: no clock, no plan."""
        if overrides and not reason.strip():
            return "override-without-reason"
        self.events.append("ComplaintTriaged")
        if not self.closed:
            self._promise(AFTER_TRIAGE[severity], now if self.severity else self.received)
            if plan is not None and plan != self.plan:
                self.events.append("EmergencyResponseActivated")
        self.severity, self.plan = severity, plan
        return None

    def correct(self, path: str, value: str, reason: str) -> str | None:
        if not reason.strip():
            return "reason-missing"
        if path != "items[1].lot":
            return "unknown-field"
        if value == self.lot:
            return "nothing-changes"
        self.lot = value
        self.events.append("ComplaintDetailsCorrected")
        return None

    def hand_over(self, to: str, mode: str, target: str) -> str | None:
        """`target`: is the other one open, concluded, or nobody's?"""
        if self.closed:
            return "complaint-is-closed"
        if self.severity is None:
            return "not-triaged"
        if self.investigation == to or (mode == "open" and self.own and self.outcome is None):
            return "already-handed-over"
        if mode == "join" and target != "open":
            return {"concluded": "investigation-is-concluded", "nobody": "not-found"}[target]
        self.investigation = to
        self.own = mode == "open"
        self.events.append("ComplaintHandedOver")
        return None

    def record_outcome(self, of: str, outcome: str) -> str | None:
        if of == self.investigation:
            self.outcome = outcome
            self.events.append("InvestigationOutcomeRecorded")
        return None

    def respond(self, now: datetime, *, automatic: bool, tells: bool) -> str | None:
        self._word(now, automatic=automatic, tells=tells)
        self.events.append("CustomerResponseSent")
        return None

    def make_offer(self, now: datetime, resolution: str) -> str | None:
        if self.closed:
            return "complaint-is-closed"
        if self.offer == "open":
            return "offer-still-open"
        self.offer, self.resolution, self.remedied = "open", resolution, False
        self.respond_by = now + SILENCE
        self.events.append("ResolutionOffered")
        return None

    def accept(self, now: datetime, by: str) -> str | None:
        if self.closed:
            return "complaint-is-closed"
        if self.offer != "open" or self.respond_by is None:
            return "no-open-offer"
        if by == "silence" and now < self.respond_by:
            return "not-silent-yet"
        self.offer = by
        self.events.append("ResolutionAccepted")
        return None

    def reject(self) -> str | None:
        if self.closed:
            return "complaint-is-closed"
        if self.offer != "open":
            return "no-open-offer"
        self.offer = "rejected"
        self.events.append("ResolutionRejected")
        return None

    def remedy(self, serial: str | None) -> str | None:
        """Done twice it is done once."""
        if self.closed:
            return "complaint-is-closed"
        if not self._accepted:
            return "not-accepted"
        if self.resolution == "refund" or (self.resolution == "replace" and serial is None):
            return "remedy-does-not-fit"
        if not self.remedied:
            self.remedied = True
            self.events.append("RemedyCompleted")
        return None

    def satisfaction(self, score: int) -> str | None:
        if score not in (1, 2, 3, 4, 5):
            return "score-out-of-range"
        self.events.append("SatisfactionRecorded")
        return None

    def close(self) -> str | None:
        """Rule 15."""
        if self.closed:
            return "complaint-is-closed"
        if not (self.told and self._accepted and self.remedied):
            return "not-ready-to-close"
        self.closed = True
        self.events.append("ComplaintClosed")
        return None

    def reopen(self, reason: str) -> str | None:
        if not reason.strip():
            return "reason-missing"
        if not self.closed:
            return "complaint-is-open"
        self.closed = self.told = self.remedied = False
        self.offer = self.resolution = self.respond_by = None
        self.events.append("ComplaintReopened")
        return None

    def breach(self, name: str, due: datetime) -> str | None:
        """Once for each due time, and only where nothing was said in time."""
        clock = self.clocks.get(name)
        if clock is None or clock.due != due or clock.breached or (clock.met is not None and clock.met <= due):
            return "not-breached"
        clock.breached = True
        self.events.append("DeadlineBreached")
        return None

    def _promise(self, hours: dict[str, int], start: datetime | None) -> None:
        """Rule 4: a met clock stays met, a running one is re-targeted and keeps its first promise."""
        if start is None:
            raise AssertionError("registered first")
        for name, length in hours.items():
            due = start + timedelta(hours=length)
            clock = self.clocks.get(name)
            if clock is None and not (name == "first_response" and self.replied):
                self.clocks[name] = Clock(due, due)
            elif clock is not None and clock.met is None:
                clock.due, clock.breached = due, clock.breached and due == clock.due

    def _word(self, now: datetime, *, automatic: bool, tells: bool) -> None:
        """Any word to the customer acknowledges, a person's is the first response, a decision the final answer."""
        heard = {"acknowledgement", *(() if automatic else ("first_response",)), *(("final_answer",) if tells else ())}
        for name in heard & self.clocks.keys():
            clock = self.clocks[name]
            clock.met = clock.met or now
        self.replied = self.replied or not automatic
        self.told = self.told or tells
