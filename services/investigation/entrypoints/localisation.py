"""REST of localisation (源头定位): which lots are bad comes from one source, never from one of two unsaid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response
from pydantic import Field

from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.application.population import BadWhen, Populations
from services.investigation.domain.investigation.commands import RankSuspects
from services.investigation.domain.investigation.dossier import confirmed_items
from services.investigation.domain.investigation.ranking import ranking
from services.investigation.domain.localisation import Localisation, Settings, localise
from services.investigation.domain.localisation.errors import NothingConfirmed
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.bodies import Id, Lines
from services.investigation.entrypoints.http import ONE, SERVICE, WRITERS, view_of
from shared.adapters.http.answers import answers, done, view
from shared.adapters.http.body import Body, Line
from shared.adapters.http.conventions import Read, Reading, Writing
from shared.adapters.http.edge_errors import FieldError, InvalidRequest
from shared.adapters.http.policy import policy
from shared.adapters.runtime import Resources, Views

NOWHERE = UUID(int=0)


class LocaliseBody(Body):
    """Bad lots from one source: `bad_lots` names them, or a final inspection tells them.

    It does by `characteristic` failed, or its value from `value_from` on; by any characteristic failed where nothing
    is named. `with_period` puts the month beside the lots, which is the honest question: lot or period?
    """

    products: Lines = ()
    characteristic: Line | None = None
    value_from: Annotated[Decimal, Field(allow_inf_nan=False, max_digits=18)] | None = None
    bad_lots: Annotated[tuple[Line, ...], Field(min_length=1, max_length=100_000, strict=False)] | None = None
    with_period: bool = True
    stratified: bool = True

    def sources(self) -> list[tuple[str, ...]]:
        """The sources named, each by its fields."""
        inspected = tuple(name for name in ("characteristic", "value_from") if getattr(self, name) is not None)
        return [each for each in (inspected, ("bad_lots",) if self.bad_lots else ()) if each]

    def bad(self) -> BadWhen:
        lots = frozenset(self.bad_lots or ())
        return BadWhen(characteristic=self.characteristic, value_from=self.value_from, lots=lots)


class LocaliseCaseBody(LocaliseBody):
    """Or from the case itself: with `confirmed`, the lots of its items that were verified as confirmed are bad."""

    confirmed: bool = False

    def sources(self) -> list[tuple[str, ...]]:
        return [*super().sources(), *([("confirmed",)] if self.confirmed else [])]


class LocaliseAnyBody(LocaliseBody):
    """Or from a case: with `confirmed_in`, the lots of that investigation's confirmed items are bad."""

    confirmed_in: Id | None = None

    def sources(self) -> list[tuple[str, ...]]:
        return [*super().sources(), *([("confirmed_in",)] if self.confirmed_in else [])]


def routes(handlers: InvestigationHandlers, populations: Populations, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(tags=["流程节点 nodes"])

    async def confirmed_in(read: Read, investigation_id: UUID) -> BadWhen:
        found, _ = await view_of(resources, views, read, investigation_id)
        confirmed = confirmed_items(found.dossier)
        if not confirmed.lots:
            raise NothingConfirmed(without_lot=confirmed.without_lot)
        return BadWhen(lots=confirmed.lots, confirmed=True, without_lot=confirmed.without_lot)

    async def located(tenant: str, body: LocaliseBody, bad: BadWhen) -> tuple[Localisation, int]:
        """Gathered, then computed on another thread: it may take seconds."""
        gathered = await populations.gather(tenant, body.products, bad, with_period=body.with_period)
        settings = replace(Settings(), stratified=body.stratified)
        found = await asyncio.to_thread(localise, gathered.population, settings=settings)
        return found, gathered.facts_position

    @router.post(
        f"{ONE}/localise",
        operation_id="localiseInvestigation",
        dependencies=[policy(*WRITERS), answers(shapes.CHANGED)],
    )
    async def record(investigation_id: UUID, body: LocaliseCaseBody, context: Writing, read: Reading) -> Response:
        """源头定位并记录 · Rank suspects and record the answer."""
        _one_source(body.sources())
        if (first := await handlers.answered(context, investigation_id)) is not None:
            return done(SERVICE, first.appended)
        bad = await confirmed_in(read, investigation_id) if body.confirmed else body.bad()
        found, position = await located(context.tenant, body, bad)
        command = RankSuspects(ranking=ranking(found, investigation_id, bad.text, position))
        return done(SERVICE, (await handlers.rank_suspects(context, investigation_id, command)).appended)

    @router.post(
        "/api/v1/trace/localise",
        operation_id="localise",
        dependencies=[policy(*WRITERS, "auditor"), answers(shapes.SUSPECTS)],
    )
    async def ask(body: LocaliseAnyBody, read: Reading) -> Response:
        """源头定位（不记录） · Rank suspects; nothing is recorded."""
        _one_source(body.sources())
        bad = body.bad() if body.confirmed_in is None else await confirmed_in(read, body.confirmed_in)
        found, position = await located(read.tenant, body, bad)
        said: dict[str, Any] = msgspec.to_builtins(ranking(found, NOWHERE, bad.text, position))
        said.pop("investigation_id")
        return view(said, positions={SERVICE: position})

    return router


def _one_source(sources: Sequence[tuple[str, ...]]) -> None:
    """Raises InvalidRequest, naming every field of every source where there are two, and a limit of nothing."""
    named = [name for each in sources for name in each]
    if len(sources) > 1:
        together = "、".join(named), ", ".join(named)
        texts = f"不良批次只能有一个来源（{together[0]}）", f"bad lots come from one source, not from {together[1]}"
        raise InvalidRequest(errors=tuple(_wrong(name, "conflict", *texts) for name in named))
    if named == ["value_from"]:
        texts = "须同时给出检验项目 characteristic", "needs the characteristic whose value it limits"
        raise InvalidRequest(errors=(_wrong("value_from", "without-characteristic", *texts),))


def _wrong(name: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(where="body", field=f"/{name}", code=code, zh=zh, en=en)
