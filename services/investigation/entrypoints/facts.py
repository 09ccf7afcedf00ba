"""REST of what was imported: the files, and any one fact that evidence cites."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Response

from services.investigation.application.ports import Facts
from services.investigation.entrypoints import shapes
from services.investigation.entrypoints.http import READERS
from services.investigation.readmodels.fact_imports import MODEL as IMPORTS
from services.investigation.readmodels.fact_imports import ImportFilter, imports
from shared.adapters.http.answers import answers, listed, view
from shared.adapters.http.conventions import Paging, Reading
from shared.adapters.http.policy import policy
from shared.adapters.http.positions import span_of
from shared.adapters.runtime import Resources, Views
from shared.contracts.words import RecordSystem
from shared.kernel.errors import NotFound
from shared.kernel.shapes import page_of

LAST_ROW = 2**31 - 1


def routes(facts: Facts, resources: Resources, views: Views) -> APIRouter:
    router = APIRouter(prefix="/api/v1/trace", tags=["规则与数据 references"])

    @router.get(
        "/imports", operation_id="listImports", dependencies=[policy(*READERS), answers(page_of(shapes.IMPORT_ROW))]
    )
    async def many(
        read: Reading,
        page: Paging,
        kind: Annotated[str | None, Query(max_length=64)] = None,
        system: RecordSystem | None = None,
        source: Annotated[str | None, Query(max_length=200)] = None,
        mapping: Annotated[str | None, Query(max_length=64)] = None,
        refused: Annotated[bool | None, Query(description="有无被拒的行 · with refused rows, or without")] = None,
        imported_from: Annotated[str | None, Query(alias="from", max_length=40, description="RFC 3339")] = None,
        imported_to: Annotated[str | None, Query(alias="to", max_length=40, description="RFC 3339")] = None,
    ) -> Response:
        """导入记录（新的在前） · Which files were imported, newest first; a file sent again tells its errors again."""
        await views.caught_up(read.tenant, read.after, [IMPORTS.name], read.patience)
        since, until = span_of(("from", imported_from), ("to", imported_to))
        asked = ImportFilter(
            kind=kind, system=system, source=source, mapping=mapping, refused=refused, since=since, until=until
        )
        after = page.place(datetime.fromisoformat, UUID)
        rows = await imports(resources.reads, read.tenant, asked, after=after, limit=page.limit + 1)
        return listed(*page.cut(rows, "imported_at", "id"))

    @router.get(
        "/imports/{batch_id}/rows/{row}",
        operation_id="getFact",
        dependencies=[policy(*READERS), answers(shapes.FACT)],
    )
    async def one(batch_id: UUID, row: Annotated[int, Path(ge=0, le=LAST_ROW)], read: Reading) -> Response:
        """一条事实（证据所引） · A fact that evidence cites, as it was imported, and what corrected it since."""
        which = (batch_id, row)
        found = (await facts.records(read.tenant, [which])).get(which)
        if found is None:
            raise NotFound(what="fact", id=f"{batch_id}/{row}")
        corrected = (await facts.corrections(read.tenant, [which])).get(which)
        return view(
            {
                "kind": found.kind,
                "record": dict(found.record),
                "evidence": msgspec.to_builtins(found.evidence),
                "corrected_by": None if corrected is None else msgspec.to_builtins(corrected),
            }
        )

    return router
