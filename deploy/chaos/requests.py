"""What a client may ask next: any command of intake, and what makes the investigation work, in any order.

Much of it is refused, which must have no effect; what matters is that every kind of append is under way when the
system dies.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.chaos.journal import Known
from deploy.demo.exports import mapping_document
from shared.kernel.clock import system_clock

PICTURE = b"\x89PNG\r\n\x1a\n"
MAPPING = "syn-shipment"
COLUMNS = "SHIP_NO,BATCH,ITEM,CUSTOMER,CUSTOMER_NAME,REGION,CARRIER,QTY,UOM,SHIPPED,DELIVERED"
RECENT = 40
"""Only the newest complaints are worked on: clients meet at them."""
LONG_AGO = timedelta(days=40)
"""Every clock of a complaint that came so long ago has run out: timers have something to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    what: str
    path: str
    body: Mapping[str, Any] | None = None
    file: tuple[str, bytes] | None = None
    form: Mapping[str, str] | None = None
    method: str = "POST"


Ask = Callable[[random.Random, Known], Asked]


def publish_mapping() -> Asked:
    """Once for each tenant, before facts can be imported."""
    body = {"document": mapping_document(MAPPING), "reason": "chaos"}
    return Asked("publish-mapping", "/mappings", body, method="PUT")


def next_request(chance: random.Random, known: Known) -> Asked:
    if not known.complaints:
        return _register(chance, known)
    ask = chance.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
    return ask(chance, known)


def _register(chance: random.Random, known: Known) -> Asked:
    """Some come by mail, and twice: the same reference with the same words. Some customers call again."""
    del known
    form: dict[str, Any] = {
        "channel": "phone",
        "customer": {"name": "混沌 Chaos", "phone": f"139{chance.randrange(10**4):08d}"},
        "description": "加热后漏气",
        "items": [{"product": "P-1", "lot": "L-1", "quantity_affected": "1", "defect_codes": ["LEAK"]}],
    }
    if chance.random() < 1 / 4:
        reference = chance.randrange(2000)
        mail = {"name": f"客户 {reference}", "email": f"customer-{reference}@example.test"}
        form |= {"channel": "email", "source_reference": f"<{reference}@example.test>", "customer": mail}
    elif chance.random() < 1 / 6:
        form["received_at"] = (system_clock() - LONG_AGO).isoformat()
    return Asked("register", "/complaints", form)


def _command(what: str, body: Callable[[random.Random], Mapping[str, Any]] | None = None) -> Ask:
    def ask(chance: random.Random, known: Known) -> Asked:
        path = f"/complaints/{_recent(chance, known.complaints)}/{what}"
        return Asked(what, path, None if body is None else body(chance))

    return ask


def _hand_over(chance: random.Random, known: Known) -> Asked:
    joins = known.investigations and chance.random() < 1 / 2
    body = {"investigation_id": _recent(chance, known.investigations)} if joins else {}
    return Asked("hand-over", f"/complaints/{_recent(chance, known.complaints)}/hand-over", body)


def _attach(chance: random.Random, known: Known) -> Asked:
    path = f"/complaints/{_recent(chance, known.complaints)}/attachments"
    return Asked("attach", path, file=("裂纹.png", PICTURE + chance.randbytes(chance.choice([64, 4096, 200_000]))))


def _import(chance: random.Random, known: Known) -> Asked:
    del known
    day = "2026-01-05 08:00"
    rows = [
        f"S-{chance.randrange(10**12)},L-{n},P-1,D-1,经销商,华东,K-1,{n + 1},pcs,{day},{day}"
        for n in range(chance.choice([1, 20, 300]))
    ]
    content = "\n".join([COLUMNS, *rows, ""]).encode()
    return Asked("import", "/trace/import", file=("shipments.csv", content), form={"mapping": MAPPING})


def _problem(chance: random.Random, known: Known) -> Asked:
    if not known.investigations:
        return _hand_over(chance, known)
    path = f"/investigations/{_recent(chance, known.investigations)}/problem"
    return Asked("problem", path, {"statement": f"漏气 {chance.randrange(10**6)}"})


def _erase(chance: random.Random, known: Known) -> Asked:
    return Asked("erase", f"/data-subjects/{chance.choice(known.subjects)}/erase", {"reason": "客户要求"})


def _corrected(chance: random.Random) -> Mapping[str, Any]:
    personal = {"field": "customer.contact", "value": f"转 {chance.randrange(10**4)}"}
    plain = {"field": "order_no", "value": f"PO-{chance.randrange(10**9)}"}
    return chance.choice([personal, plain]) | {"reason": "核对"}


def _recent(chance: random.Random, known: list[str]) -> str:
    return chance.choice(known[-RECENT:])


_WEIGHTS: Mapping[Ask, int] = {
    _register: 24,
    _command("acknowledge"): 8,
    _command("triage", lambda _: {}): 10,
    _command("correct", _corrected): 8,
    _hand_over: 12,
    _command("respond", lambda _: {"channel": "phone", "body": "您好 hello", "tells_decision": True}): 6,
    _command("offer-resolution", lambda _: {"resolution": "replace", "terms": "更换新品"}): 6,
    _command("resolution", lambda _: {"accepted": True}): 6,
    _command("remedy", lambda _: {"replacement_serial": "SN-1"}): 5,
    _command("satisfaction", lambda chance: {"score": chance.randint(1, 5)}): 3,
    _command("close"): 5,
    _command("reopen", lambda _: {"reason": "又漏气"}): 2,
    _attach: 5,
    _import: 4,
    _problem: 5,
    _erase: 1,
}
"""How often each is asked, of a hundred or so."""
