"""Which lessons were learnt, and about what (知识库)?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shared.adapters.postgres.reader import Reader
from shared.contracts.capa.capa import CapaOpened, CauseAddressed, LessonRecorded
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    if isinstance(recorded.event, (CapaOpened, CauseAddressed, LessonRecorded)):
        yield (recorded.event.capa_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    match recorded.event:
        case CapaOpened(capa_id=id_, capa_no=number, title=title):
            rows.put({"capa_id": id_, "capa_no": number, "title": title, "about": [], "lessons": [], "learnt_at": None})
        case CauseAddressed() as cause:
            row = rows.get(cause.capa_id)
            if row:
                about = [cause.statement, cause.node, *cause.products, *cause.defect_codes]
                rows.put(row | {"about": list(dict.fromkeys([*row["about"], *about]))})
        case LessonRecorded() as learnt:
            row = rows.get(learnt.capa_id)
            if row:
                lessons = [*row["lessons"], {"lesson": learnt.lesson, "keywords": list(learnt.keywords)}]
                rows.put(row | {"lessons": lessons, "learnt_at": recorded.meta.occurred_at})


MODEL = ReadModel(
    name="lessons",
    sources=frozenset({"capa"}),
    columns=(
        Column("capa_id", "uuid", nullable=False),
        Column("capa_no", "text", nullable=False),
        Column("title", "text", nullable=False),
        Column("about", "text[]", nullable=False),
        Column("lessons", "jsonb", nullable=False),
        Column("learnt_at", "timestamptz"),
    ),
    key=("capa_id",),
    touches=_touches,
    apply=_apply,
)

_QUERY = """
select l.capa_id, l.capa_no, l.title, l.about, l.lessons, l.learnt_at from read.lessons l
where l.tenant = $1 and l.learnt_at is not null
  and position(lower($2) in lower(concat_ws(' ', l.title, array_to_string(l.about, ' '), (
    select string_agg(concat_ws(' ', one ->> 'lesson', array_to_string(array(
      select jsonb_array_elements_text(one -> 'keywords')), ' ')), ' ')
    from jsonb_array_elements(l.lessons) one)))) > 0
order by l.learnt_at desc, l.capa_id limit $3"""


async def lessons(reader: Reader, tenant: str, text: str, limit: int) -> Sequence[Mapping[str, Any]]:
    """Newest first; the text may stand in the title, the causes, products, defects, lessons or keywords."""
    rows = await reader.fetch(_QUERY, tenant, text, limit)
    return [dict(row) | {"lessons": msgspec.json.decode(row["lessons"])} for row in rows]
