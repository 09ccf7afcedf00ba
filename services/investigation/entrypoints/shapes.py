"""What an investigation answers, as reading.py and its neighbours put it together of the contracts' types."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Literal, get_args
from uuid import UUID

from services.investigation.application.capture import Captured
from services.investigation.domain.facts.change import Change
from services.investigation.domain.flow.map import MappedNode
from services.investigation.domain.genealogy.trace import Direction, Edge, Limit
from services.investigation.domain.investigation.dossier import Dossier, ResponsibilityEvent
from services.investigation.domain.investigation.state import Why
from services.investigation.domain.reference.published import PublishedRules
from services.investigation.readmodels.hearings import Heard
from services.investigation.readmodels.investigation_list import MODEL as INVESTIGATIONS
from services.investigation.readmodels.investigation_references import MODEL as REFERENCES
from services.investigation.readmodels.investigation_view import Step
from services.investigation.readmodels.responsibility_records import MODEL as RECORDS
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.cause import CapaNotRequired, CauseProposed, CauseRuledOut, RootCauseConfirmed
from shared.contracts.investigation.facts import FactsCaptured
from shared.contracts.investigation.investigation import (
    ComplaintJoined,
    ItemVerified,
    RecordsCrossChecked,
    SuspectsRanked,
)
from shared.contracts.investigation.responsibility import Share
from shared.contracts.words import CauseLeg, InvestigationOutcome, NodeStatus, PartyKind, ShareKind
from shared.kernel.shapes import absent, but, by_name, members_of, row_of, several, shape

_ALL = members_of(Dossier)
_CASE = ("investigation_id",)

CHANGED = shape("InvestigationChanged", "该调查的 id · the investigation that the command was about", id=UUID)
OPENED = but(CHANGED, "InvestigationNumbered", "新调查的编号 · the new investigation's number", investigation_no=str)
PART_MADE = but(CHANGED, "PartMade", "新记录的 id 及所属调查 · what was made within the case", investigation_id=UUID)
REPORT_ISSUED = but(
    PART_MADE,
    "ReportIssued",
    "两种格式原文的摘要 · sums of the stored bytes of both forms",
    report_no=str,
    json_sha256=str,
    html_sha256=str,
)
PUBLISHED = shape("ReferencePublished", "新版本号 · the version's number", version=int)

_CHANGED_FIELD = but(Change, "FieldChanged", "", without=("zh", "en"), label=str)
CORRECTION = shape(
    "CorrectionTold",
    "节点重新打开的原因：更正前后的记录 · why a node was reopened: the record corrected, and what took its place",
    corrected=EvidenceRef,
    correction=EvidenceRef,
    changed=several(_CHANGED_FIELD),
    why=str,
)


def _told(event: Any) -> Any:
    """An event of the hearing with its title; of `silent` and `answers` a party isn't told what concerns others."""
    of_others = {name: absent(kind) for name, kind in members_of(event).items() if name in ("silent", "answers")}
    return but(event, f"{event.__name__}Told", event=str, title=str, **of_others)


_RESPONSIBILITY = by_name(several(reduce(or_, map(_told, get_args(ResponsibilityEvent)))))
_HEAD: dict[str, Any] = {
    "id": UUID,
    "investigation_no": str | None,
    "status": Literal["open", "concluded"],
    "outcome": InvestigationOutcome | None,
    "outcome_label": str | None,
    "flow": str,
    "flow_version": int,
    "opened_at": datetime,
}
INVESTIGATION = shape(
    "InvestigationView",
    "一个调查的全部 · all that an investigation holds; `responsibility` by root cause, every version in order",
    **_HEAD,
    complaints=list[ComplaintJoined],
    left=_ALL["left"],
    team=_ALL["team"],
    problem=_ALL["problem"],
    verified=list[ItemVerified],
    cross_checks=list[RecordsCrossChecked],
    nodes=dict[str, NodeStatus],
    node_corrections=by_name(several(CORRECTION)),
    suspects=_ALL["ranking"],
    whys=list[Why],
    causes=list[CauseProposed],
    ruled_out=list[CauseRuledOut],
    root_causes=list[RootCauseConfirmed],
    withdrawn=_ALL["withdrawn"],
    capa_not_required=list[CapaNotRequired],
    responsibility=_RESPONSIBILITY,
    concluded=_ALL["concluded"],
    reports=_ALL["reports"],
    missing_legs=list[CauseLeg],
    steps=list[Step],
)
OWN_SHARE = shape(
    "InvestigationOfParty",
    "责任方所见：只有与己有关的 · what a party sees: the causes that it is named for, its own shares",
    **_HEAD,
    root_causes=list[RootCauseConfirmed],
    responsibility=_RESPONSIBILITY,
)
INVESTIGATION_ROW = row_of(
    INVESTIGATIONS,
    "InvestigationRow",
    "`complaints`：投诉数 · how many complaints; `root_causes`: their ids",
    *("investigation_no", "flow", "problem", "complaints", "products", "lots", "defect_codes", "root_causes"),
    *("opened_at", "concluded_at", "reopened"),
    id=UUID,
    status=Literal["open", "concluded"],
    outcome=InvestigationOutcome | None,
)
ECHARTS = dict[str, Any]
"""An ECharts option, as its documentation has it."""
FLOW_MAP = shape(
    "FlowMap",
    "流程图与节点发现 · `option`: an ECharts option",
    flow=str,
    flow_version=int,
    nodes=several(but(MappedNode, "NodeOfMap", status_label=str, corrections=several(CORRECTION))),
    option=ECHARTS,
)

SUSPECTS = but(SuspectsRanked, "SuspectsFound", without=_CASE)
TRACE = shape(
    "LotTrace",
    "`levels`：批次到起点的步数 · lot → steps from the start; `inspections`: lot → its records",
    start=str,
    direction=Direction,
    levels=dict[str, int],
    edges=list[Edge],
    stopped_by=list[Limit],
    unexplored=list[str],
    inspections=dict[str, list[dict[str, Any]]],
)

ROW_ERROR = shape("RowError", "", line=int, column=str, field=str, value=str, detail=str)
CAPTURED = but(
    FactsCaptured,
    "ImportDone",
    "好行保留，坏行在 `errors` · good rows are kept, bad ones are told; `repeated`: this file was imported before",
    without=("system", "source", "mapping", "mapping_version", "file_sha256"),
    superseded=members_of(Captured)["superseded"],
    repeated=bool,
    errors=several(ROW_ERROR),
)
PREVIEWED = but(
    CAPTURED,
    "ImportPreviewed",
    "试运行：未写入 · a dry run: nothing was written; `first`: the first facts as they would be kept",
    dry_run=Literal[True],
    first=several(shape("FactPreviewed", "", natural_key=str, record=dict[str, Any])),
)

IMPORT_ROW = shape(
    "Import",
    "一次导入 · a file that was imported; `superseded`: rows that corrected earlier ones",
    id=UUID,
    **{name: members_of(FactsCaptured)[name] for name in ("kind", "system", "source", "mapping", "mapping_version")},
    rows=int,
    refused_rows=int,
    superseded=int,
    sha256=str,
    file_sha256=str,
    imported_by=str,
    imported_at=datetime,
)
FACT = shape(
    "Fact",
    "`record`：该类事实的字段 · the fields of its kind; `corrected_by`: the fact that took its place since",
    kind=str,
    record=dict[str, Any],
    evidence=EvidenceRef,
    corrected_by=EvidenceRef | None,
)

RULES = but(PublishedRules, "RulesInForce", "`document`：JDM 决策表 · a decision table", document=dict[str, Any])
MAPPING_ROW = row_of(
    REFERENCES, "MappingVersion", "数据映射的一个版本 · one version of a mapping", document=dict[str, Any], tenant=str
)
RECORD_ROW = row_of(
    RECORDS,
    "ResponsibilityRecord",
    "一份已确认的责任 · a confirmed share; `silent`: accepted by not answering",
    party_kind=PartyKind,
    share_kind=ShareKind,
    leg=CauseLeg,
    investigation_no=str | None,
    tenant=str,
)
HEARING_ROW = shape(
    "Hearing",
    "一份责任提案及各责任方的答复 · shares proposed for a cause, and what each party answered",
    investigation_id=UUID,
    investigation_no=str | None,
    root_cause_id=UUID,
    proposal_no=int,
    hear_by=datetime,
    confirmed=bool,
    parties=list[Heard],
)
WHAT_IF = shape("WhatIf", "未记录 · nothing was recorded", rules=str, version=int, shares=list[Share])
REPORT = dict[str, Any]
"""The stored content, by its own `format`."""
