"""What capa answers, beside CapaView, which is a dataclass of its own."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from services.capa.domain.capa.state import ActionStatus, Effectiveness
from services.capa.readmodels.action_list import MODEL as ACTIONS
from services.capa.readmodels.capa_list import MODEL as CAPAS
from services.capa.readmodels.lessons import MODEL as LESSONS
from shared.contracts.words import ActionKind
from shared.kernel.shapes import row_of, several, shape

CHANGED = shape("CapaChanged", "该 CAPA 的 id · the CAPA that the command was about", id=UUID)
ACTION_PLANNED = shape("ActionNumbered", "新措施的编号 · the number of the planned action", capa_id=UUID, action_no=int)

CAPA_ROW = row_of(
    CAPAS,
    "CapaRow",
    "`next_due`：最近一项未完成措施的期限 · when the first open action is due",
    *("capa_no", "title", "status", "investigations", "root_causes", "products", "defect_codes", "actions"),
    *("actions_open", "effectiveness", "opened_at", "closed_at", "reopened", "recurrences_suspected"),
    id=UUID,
    status=Literal["open", "closed"],
    effectiveness=Effectiveness,
    next_due=date | None,
)
ACTION_ROW = row_of(
    ACTIONS,
    "ActionRow",
    "`made_from`：断点生产日期 · the production date of the cut-in",
    kind=ActionKind,
    status=ActionStatus,
    capa_no=str | None,
    tenant=str,
)
LESSON = shape("Lesson", "", lesson=str, keywords=list[str])
LESSONS_ROW = row_of(
    LESSONS, "LessonsOfCapa", "`about`：原因、产品、缺陷 · causes, products and defects", lessons=several(LESSON)
)
