"""The factory's history, lot by lot in order of time, in bounded memory: what was made of what, by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.demo.factory.catalogue import (
    AGENT,
    ASSEMBLY,
    COMPOUNDING,
    CREW,
    CURING,
    FINAL_TEST,
    PACKING,
    PARTS,
    PRODUCTS,
    SILICONE,
    Operation,
    Product,
)
from deploy.demo.factory.plan import SHIFTS, Cause, Dice, Plan, start_of
from deploy.demo.factory.supply import RawLot, Supply

COMPOUND_LASTS = 4  # seal lots
_CAMPAIGN = 6  # shifts on one product
_REMAINDER = 0.15  # how often the rest of the line's previous seal lot is used up first


@dataclass(frozen=True, slots=True)
class Work:
    """One operation done on a lot."""

    operation: Operation
    equipment: str
    operator: str
    start: datetime
    shift: str


@dataclass(frozen=True, slots=True)
class CompoundLot:
    lot: str
    inputs: tuple[RawLot, RawLot]
    work: Work


@dataclass(frozen=True, slots=True)
class SealLot:
    """`drifting`: cured while the press ran cold."""

    lot: str
    compound: CompoundLot
    work: Work
    drifting: bool


@dataclass(frozen=True, slots=True)
class FinishedLot:
    """`seals` are (lot, pieces). `causes`: the planted ones it was exposed to; `bad`: it leaks in the field."""

    lot: str
    number: int
    product: Product
    line: int
    pieces: int
    seals: tuple[tuple[SealLot, int], ...]
    parts: tuple[RawLot, ...]
    work: tuple[Work, ...]
    causes: tuple[Cause, ...]
    bad: bool


Happening = RawLot | CompoundLot | SealLot | FinishedLot


def operator(line: int, operation: Operation, member: int) -> str:
    """A pseudonymous id, stable through the run."""
    return f"OP-{line:03d}{operation.step}{member}"


def equipment(line: int, operation: Operation) -> str:
    return f"{operation.equipment}-{line:03d}"


@dataclass(frozen=True, slots=True)
class Mischief:
    """Where the causes lie: which silicone receipt; on line 1 the shifts of the cold press and of the lapsed person."""

    poor_silicone: int
    cold: range
    lapsed: range

    @classmethod
    def of(cls, plan: Plan) -> Mischief:
        shifts = plan.days * len(SHIFTS)
        receipts = plan.lots // (COMPOUND_LASTS * SILICONE.uses)
        on = set(plan.causes)
        return cls(
            poor_silicone=max(2, receipts * 2 // 5) if "bad_material_lot" in on else 0,
            cold=range(shifts * 11 // 20, shifts * 11 // 20 + 18) if "parameter_drift" in on else range(0),
            lapsed=range(shifts * 7 // 10, shifts * 7 // 10 + 32) if "unqualified_operator" in on else range(0),
        )


class _Line:
    """What a line has at hand between lots."""

    def __init__(self) -> None:
        self.product = PRODUCTS[0]
        self.compound: CompoundLot | None = None
        self.compound_left = 0
        self.seal: SealLot | None = None


class _Run:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dice = Dice(plan.seed, "history")
        self.mischief = Mischief.of(plan)
        self.stores = {m.code: Supply(m) for m in (AGENT, *PARTS)}
        self.stores[SILICONE.code] = Supply(SILICONE, self.mischief.poor_silicone)
        self.lines = [_Line() for _ in range(plan.lines)]
        self.compounds = 0

    def history(self) -> Iterator[Happening]:
        for number in range(self.plan.lots):
            slot, line = divmod(number, self.plan.lines)
            yield from self._lot(number + 1, slot, line + 1)

    def _lot(self, number: int, slot: int, line: int) -> Iterator[Happening]:
        here, dice = self.lines[line - 1], self.dice
        if slot % _CAMPAIGN == 0:
            here.product = dice.pick(PRODUCTS)
        if here.compound_left == 0:
            yield from self._compound(slot, line)
        compound = here.compound
        assert compound is not None  # noqa: S101 - made just above
        here.compound_left -= 1
        rest = here.seal
        cold = line == 1 and slot in self.mischief.cold
        seal = SealLot(f"SR-{number:07d}", compound, self._work(CURING, slot, line), cold)
        here.seal = seal
        yield seal
        parts = []
        for material in PARTS:
            used, opened = self.stores[material.code].take(start_of(slot), dice)
            yield from opened
            parts.append(used)
        pieces = 280 + 20 * dice.below(7)
        seals: tuple[tuple[SealLot, int], ...] = ((seal, pieces),)
        if rest is not None and dice.chance(_REMAINDER):
            first = 40 + 10 * dice.below(6)
            seals = ((rest, first), (seal, pieces - first))
        yield self._finished(number, slot, line, pieces, seals, tuple(parts))

    def _compound(self, slot: int, line: int) -> Iterator[Happening]:
        here, at = self.lines[line - 1], start_of(slot)
        silicone, opened = self.stores[SILICONE.code].take(at, self.dice)
        yield from opened
        agent, opened = self.stores[AGENT.code].take(at, self.dice)
        yield from opened
        self.compounds += 1
        here.compound = CompoundLot(f"MX-{self.compounds:06d}", (silicone, agent), self._work(COMPOUNDING, slot, line))
        here.compound_left = COMPOUND_LASTS
        yield here.compound

    def _finished(
        self,
        number: int,
        slot: int,
        line: int,
        pieces: int,
        seals: tuple[tuple[SealLot, int], ...],
        parts: tuple[RawLot, ...],
    ) -> FinishedLot:
        work = tuple(self._work(operation, slot, line) for operation in (ASSEMBLY, PACKING, FINAL_TEST))
        causes: list[Cause] = []
        if any(seal.compound.inputs[0].poor for seal, _ in seals):
            causes.append("bad_material_lot")
        if any(seal.drifting for seal, _ in seals):
            causes.append("parameter_drift")
        if self._lapsed(ASSEMBLY, slot, line):
            causes.append("unqualified_operator")
        bad = self.dice.chance(self.plan.rate if causes else self.plan.noise)
        product = self.lines[line - 1].product
        return FinishedLot(f"FG-{number:07d}", number, product, line, pieces, seals, parts, work, tuple(causes), bad)

    def _work(self, operation: Operation, slot: int, line: int) -> Work:
        member = self.dice.below(CREW - 1)
        who = operator(line, operation, CREW if self._lapsed(operation, slot, line) else member + 1)
        start = start_of(slot) + timedelta(hours=operation.hours, minutes=self.dice.below(50))
        return Work(operation, equipment(line, operation), who, start, SHIFTS[slot % 2])

    def _lapsed(self, operation: Operation, slot: int, line: int) -> bool:
        """The person without valid qualification stands in at assembly on line 1, on the night shifts of the window."""
        return operation is ASSEMBLY and line == 1 and slot % 2 == 1 and slot in self.mischief.lapsed


def history(plan: Plan) -> Iterator[Happening]:
    """Every lot in the order in which it came to be: a lot's inputs always before it."""
    return _Run(plan).history()
