"""A read model as data and pure functions: which rows an event touches, and what it makes of them.

The machinery (shared/adapters/postgres/projections) loads the touched rows, folds the batch in memory, writes the
changed rows with one set-based statement and moves the checkpoint, all in one transaction. A fold reads no clock
and no random, and where it has several sources it must not care in which order their logs are interleaved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.kernel.ports import EventLog
from shared.kernel.recorded import Recorded

PAGE = 1000
"""Events read at once."""

Row = dict[str, Any]
RowKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is the Postgres type: text, uuid, integer, bigint, numeric, boolean, timestamptz, date, jsonb, text[]."""

    name: str
    type: str
    nullable: bool = True


class Rows:
    """The rows a batch may touch, as the fold sees them. Changes since `mark` can be undone."""

    def __init__(self, key: Sequence[str], loaded: Mapping[RowKey, Row]) -> None:
        self._key = tuple(key)
        self._now: dict[RowKey, Row | None] = dict(loaded)
        self.changed: set[RowKey] = set()
        self._journal: list[tuple[RowKey, Row | None, bool]] = []

    def get(self, *key: Any) -> Row | None:
        row = self._now.get(key)
        return None if row is None else dict(row)

    def put(self, row: Row) -> None:
        self._set(tuple(row[name] for name in self._key), row)

    def delete(self, *key: Any) -> None:
        self._set(key, None)

    def _set(self, key: RowKey, row: Row | None) -> None:
        self._journal.append((key, self._now.get(key), key in self.changed))
        self._now[key] = row
        self.changed.add(key)

    def mark(self) -> None:
        self._journal.clear()

    def undo(self) -> None:
        """Take back everything since the mark: an event that can't be applied leaves no half effect."""
        for key, before, was_changed in reversed(self._journal):
            self._now[key] = before
            if not was_changed:
                self.changed.discard(key)
        self._journal.clear()

    def result(self) -> Mapping[RowKey, Row | None]:
        """The changed rows; None where one is gone."""
        return {key: self._now[key] for key in self.changed}


@dataclass(frozen=True, slots=True)
class ReadModel:
    """One question's table. `key` doesn't name the tenant: every table has it first, by itself.

    `touches` gives the keys (without tenant) of the rows that `apply` may get, put or delete for an event.
    Bump `version` when the fold's meaning changes while its columns don't: it is then rebuilt beside the old one.
    """

    name: str
    sources: frozenset[str]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    touches: Callable[[Recorded], Iterable[RowKey]]
    apply: Callable[[Rows, Recorded], None]
    indexes: tuple[str, ...] = field(default=())
    version: int = 1


def project(
    model: ReadModel, events: Iterable[Recorded], onto: Mapping[RowKey, Row] | None = None
) -> dict[RowKey, Row]:
    """The whole table as the fold of these events: the reference that every stored table must equal.

    `onto`: the table as the fold of all events before.
    """
    rows: dict[RowKey, Row] = dict(onto or {})
    for recorded in events:
        scratch = Rows(model.key, {k: rows[k] for k in model.touches(recorded) if k in rows})
        model.apply(scratch, recorded)
        for key, row in scratch.result().items():
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
    return rows


async def heard(log: EventLog, tenant: str, until: datetime | int) -> Sequence[Recorded]:
    """A tenant's events up to a moment of knowledge or a position, in order: what was known then, to be folded anew."""
    events: list[Recorded] = []
    while batch := await log.read(tenant, len(events), PAGE):
        for recorded in batch:
            past = recorded.recorded_at > until if isinstance(until, datetime) else recorded.position > until
            if past:
                return events
            events.append(recorded)
    return events
