"""What was planted: the answer that an investigation should find, as data. No export holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploy.demo.factory.catalogue import ASSEMBLY, CREW, CURING, SILICONE
from deploy.demo.factory.lots import FinishedLot, Mischief, equipment, history, operator
from deploy.demo.factory.plan import Cause, Plan, start_of


@dataclass(frozen=True, slots=True)
class Planted:
    """One cause. `attribute` = `value` is where it shows (local times); `exposed` ⊇ `bad` are finished lots."""

    cause: Cause
    zh: str
    en: str
    node: str
    attribute: str
    value: str
    since: datetime | None
    until: datetime | None
    rate: float
    exposed: tuple[str, ...]
    bad: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """`background` are the bad lots that have no planted cause."""

    planted: tuple[Planted, ...]
    background: tuple[str, ...]
    lots: int

    @property
    def bad(self) -> frozenset[str]:
        return frozenset(self.background).union(*(one.bad for one in self.planted))


def truth(plan: Plan) -> Truth:
    finished = [one for one in history(plan) if isinstance(one, FinishedLot) and (one.causes or one.bad)]
    return Truth(
        planted=tuple(_planted(plan, cause, [lot for lot in finished if cause in lot.causes]) for cause in plan.causes),
        background=tuple(lot.lot for lot in finished if lot.bad and not lot.causes),
        lots=plan.lots,
    )


def _planted(plan: Plan, cause: Cause, exposed: list[FinishedLot]) -> Planted:
    mischief = Mischief.of(plan)
    window: range = range(0)
    match cause:
        case "bad_material_lot":
            zh, en = "一批硅橡胶挥发分偏高", "A silicone receipt with too much volatile content"
            where = ("incoming_inspection", "input_lot", f"{SILICONE.code}-{mischief.poor_silicone:05d}")
        case "parameter_drift":
            zh, en = "硫化机温度漂移，低于下限", "The curing press ran below its lower temperature limit"
            where = ("production", "equipment", equipment(1, CURING))
            window = mischief.cold
        case "unqualified_operator":
            zh, en = "夜班总装由资质失效人员顶岗", "Night assembly by a person whose qualification had lapsed"
            where = ("assembly_packing", "operator", operator(1, ASSEMBLY, CREW))
            window = mischief.lapsed
    return Planted(
        cause,
        zh,
        en,
        *where,
        since=start_of(window.start) if window else None,
        until=start_of(window.stop) if window else None,
        rate=plan.rate,
        exposed=tuple(lot.lot for lot in exposed),
        bad=tuple(lot.lot for lot in exposed if lot.bad),
    )
