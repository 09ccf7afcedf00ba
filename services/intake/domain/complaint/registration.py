"""Registering: what the form must hold to be a complaint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from services.intake.domain.complaint.clocks import promises
from services.intake.domain.complaint.commands import RegisterComplaint
from services.intake.domain.errors import InTheFuture, ItemWrong, NoItems, SourceReferenceDiffers, TimesOutOfOrder
from shared.contracts.intake.complaint import ComplaintItem, ComplaintRegistered, NamedValue
from shared.kernel.ports import Claim

NUMBER_FORMAT = "C{year}-{number:06d}"
NUMBER_SCOPE = "complaint_no"
SOURCE_SCOPE = "source_reference"
MESSAGE_SCOPE = "message"
AHEAD = timedelta(hours=14)
"""No clock on Earth is further ahead of UTC: a day written down there may be tomorrow here."""


def complaint_no(year: int, number: int) -> str:
    """Human, per tenant and year: C2026-000123."""
    return NUMBER_FORMAT.format(year=year, number=number)


def source_claim(channel: str, reference: str) -> str:
    """What is claimed so that one channel's reference stands for one complaint (rule 1)."""
    return f"{channel}\x1f{reference}"


def claims(number: str, channel: str, reference: str | None) -> tuple[Claim, ...]:
    """What a registration takes for ever."""
    source = (Claim(SOURCE_SCOPE, source_claim(channel, reference)),) if reference else ()
    return (Claim(NUMBER_SCOPE, number), *source)


def registered(command: RegisterComplaint) -> ComplaintRegistered:
    """Raises NoItems, ItemWrong, TimesOutOfOrder, InTheFuture."""
    form = ComplaintRegistered(
        complaint_id=command.complaint_id,
        complaint_no=command.complaint_no,
        channel=command.channel,
        received_at=command.received_at,
        aware_at=command.aware_at,
        subject_id=command.subject_id,
        customer=command.customer,
        description=command.description,
        items=command.items,
        promises=promises(command.sla, None, command.received_at),
        source_reference=command.source_reference,
        customer_claim_no=command.customer_claim_no,
        order_no=command.order_no,
        delivery_no=command.delivery_no,
        occurred_at=command.occurred_at,
        occurred_where=command.occurred_where,
        scenario=command.scenario,
        harm=command.harm,
        sample_available=command.sample_available,
        desired_resolution=command.desired_resolution,
        content_sums=command.content_sums,
    )
    check_form(form, command.now)
    return form


def check_form(form: ComplaintRegistered, now: datetime) -> None:
    """What holds between fields, on registration and after every correction. Raises as `registered` does."""
    _check_times(form, now)
    if not form.items:
        raise NoItems
    for number, item in enumerate(form.items, start=1):
        for name, zh, en in _problems(item, number, (now + AHEAD).date()):
            raise ItemWrong(item_no=number, name=name, problem_zh=zh, problem_en=en)


def refuse_other_content(form: ComplaintRegistered, sums: tuple[NamedValue, ...]) -> None:
    """Rule 1: raises SourceReferenceDiffers naming the fields, never their values."""
    before = {one.name: one.value for one in form.content_sums}
    now = {one.name: one.value for one in sums}
    differ = tuple(sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name)))
    if differ:
        raise SourceReferenceDiffers(complaint_id=str(form.complaint_id), complaint_no=form.complaint_no, fields=differ)


def _check_times(form: ComplaintRegistered, now: datetime) -> None:
    known: list[tuple[str, datetime | None]] = [
        ("occurred_at", form.occurred_at),
        ("received_at", form.received_at),
        ("aware_at", form.aware_at),
    ]
    present = [(name, at) for name, at in known if at is not None]
    for name, at in present:
        if at > now:
            raise InTheFuture(name=name, now=now)
    for (earlier, first), (later, second) in pairwise(present):
        if first > second:
            raise TimesOutOfOrder(earlier=earlier, later=later)


def _problems(item: ComplaintItem, number: int, latest: date) -> Iterator[tuple[str, str, str]]:
    """(field, zh, en). `latest`: the last day that any plant can have by now."""
    if item.item_no != number:
        yield "item_no", f"item_no 应为 {number}", f"item_no should be {number}"
    if item.quantity_affected <= 0:
        yield "quantity_affected", "quantity_affected 应大于 0", "quantity_affected must be above 0"
    if item.quantity_delivered is not None and item.quantity_delivered < item.quantity_affected:
        zh, en = (
            "quantity_affected 不能大于 quantity_delivered",
            "quantity_affected can't exceed quantity_delivered",
        )
        yield "quantity_affected", zh, en
    if item.production_date and item.production_date > latest:
        yield "production_date", "production_date 不能在未来", "production_date can't lie in the future"
    if item.production_date and item.expiry_date and item.expiry_date < item.production_date:
        zh, en = "expiry_date 不能早于 production_date", "expiry_date can't be before production_date"
        yield "expiry_date", zh, en
