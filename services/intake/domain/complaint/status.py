"""Where a complaint stands, in one word: the furthest thing that holds of it."""

from __future__ import annotations

from typing import Literal

from shared.contracts.words import ComplaintStatus

OfferStands = Literal["none", "open", "accepted", "rejected"]


def status(
    *, acknowledged: bool, triaged: bool, handed_over: bool, outcome_known: bool, offer: OfferStands, closed: bool
) -> ComplaintStatus:
    """A rejected offer takes it back to where it was before; so does reopening, which leaves no offer."""
    furthest_first: tuple[tuple[bool, ComplaintStatus], ...] = (
        (closed, "closed"),
        (offer == "accepted", "resolved"),
        (offer == "open", "resolution_offered"),
        (outcome_known, "outcome_known"),
        (handed_over, "handed_over"),
        (triaged, "triaged"),
        (acknowledged, "acknowledged"),
    )
    return next((word for holds, word in furthest_first if holds), "registered")
