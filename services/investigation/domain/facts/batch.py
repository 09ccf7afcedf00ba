"""A batch of facts becomes known by one append: what was captured, how much was made or shipped, what it corrects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared.contracts.event import Event
from shared.contracts.investigation.facts import (
    DailyVolume,
    FactsCaptured,
    FactsSuperseded,
    Superseded,
    VolumesRecorded,
)
from shared.kernel.decider import Decider

MEASURES = {"production_order": "made", "shipment": "shipped"}
"""Kinds whose quantities are the denominators of rates."""

VOLUMES_PER_EVENT = 2000
SUPERSEDED_PER_EVENT = 500
"""Keep an event well under 256 KiB."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorBatch:
    """Every staged row is written; `captured` sums them up."""

    captured: FactsCaptured
    volumes: tuple[DailyVolume, ...]
    superseded: tuple[Superseded, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Known already, or not."""

    captured: FactsCaptured | None = None


def decide(command: AnchorBatch, state: Batch) -> Sequence[Event]:
    """Anchoring what is anchored changes nothing."""
    if state.captured is not None:
        return ()
    captured = command.captured
    events: list[Event] = [captured]
    events += [
        VolumesRecorded(batch_id=captured.batch_id, measure=MEASURES[captured.kind], part=part, volumes=volumes)
        for part, volumes in _parts(command.volumes, VOLUMES_PER_EVENT)
    ]
    events += [
        FactsSuperseded(batch_id=captured.batch_id, part=part, superseded=superseded)
        for part, superseded in _parts(command.superseded, SUPERSEDED_PER_EVENT)
    ]
    return events


def evolve(state: Batch, event: Event) -> Batch:
    return Batch(captured=event) if isinstance(event, FactsCaptured) else state


def _parts(values: tuple[T, ...], size: int) -> Iterator[tuple[int, tuple[T, ...]]]:
    for part, start in enumerate(range(0, len(values), size), start=1):
        yield part, values[start : start + size]


FACTS = Decider[Batch, AnchorBatch]("facts", Batch(), decide, evolve)
