"""The lists and look-ups of the investigation service, asked of Postgres."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import pytest_asyncio

from services.investigation.domain.flow.default import DEFAULT_FLOW
from services.investigation.readmodels import (
    capa_actions,
    capa_causes,
    capa_effects,
    cited_evidence,
    investigation_list,
    investigation_references,
    joined_complaints,
    responsibility_records,
)
from services.investigation.readmodels.investigation_list import InvestigationFilter, investigations
from services.investigation.readmodels.responsibility_records import RecordFilter, records
from shared.contracts.investigation.reference import ProcessFlowPublished, ResponsibilityRulesPublished
from shared.kernel.errors import NotFound
from shared.kernel.testing import START, LogBook
from tests.integration.reading import fill, migrated
from tests.unit.investigation.case import states as s
from tests.unit.investigation.readmodels.test_folds import CAPA_EVENTS, MEASURED, PLANNED_CHECK

OTHER = UUID(int=90)
FLOW = ProcessFlowPublished(flow="molding", version=1, nodes=DEFAULT_FLOW.nodes[3:6], reason="x", product="P-1")
RULES = ResponsibilityRulesPublished(rules="r", version=1, document="{}", hearing_days=3, reason="x")
MODELS = (
    investigation_list.MODEL,
    joined_complaints.MODEL,
    cited_evidence.MODEL,
    responsibility_records.MODEL,
    investigation_references.MODEL,
    capa_actions.MODEL,
    capa_causes.MODEL,
    capa_effects.MODEL,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(database):
    first = s.after(s.verified(), s.confirm(), s.contest(now=s.HEAR_BY), given=s.proposed())
    own = LogBook("investigation").add(f"investigation-{s.CASE}", *first)
    later = replace(s.opened()[0], investigation_id=OTHER, investigation_no="I2026-0002")
    own.add(f"investigation-{OTHER}", later, at=START + timedelta(days=1))
    own.add("process-flow-molding", FLOW, replace(FLOW, version=2), at=START + timedelta(days=1))
    own.add("responsibility-rules-r", RULES, at=START + timedelta(days=1))
    capa = LogBook("capa").add("capa-1", *CAPA_EVENTS, PLANNED_CHECK, MEASURED)
    async with migrated(await database("investigation")) as pool:
        await fill(pool, MODELS, {"investigation": own.events, "capa": capa.events})
        yield pool


async def numbers(reader, tenant="t1", after=None, limit=50, **asked):
    page = await investigations(
        reader, tenant, InvestigationFilter(**asked), sort="investigation_no", after=after, limit=limit
    )
    return [row["investigation_no"] for row in page]


async def test_the_list_filters_and_pages(reader):
    assert await numbers(reader) == ["I2026-0001", "I2026-0002"]
    assert await numbers(reader, product="P-1", lot="L-1", defect_code="D-7", status="open") == ["I2026-0001"]
    assert await numbers(reader, after=("I2026-0001", s.CASE), limit=1) == ["I2026-0002"]
    assert await numbers(reader, outcome="ntf") == []
    newest = await investigations(reader, "t1", InvestigationFilter(), limit=1)
    assert [row["investigation_no"] for row in newest] == ["I2026-0002"]


async def test_another_tenant_sees_nothing(reader):
    assert await numbers(reader, "t2") == []
    assert await records(reader, "t2", RecordFilter()) == []
    assert await cited_evidence.investigations_citing(reader, "t2", [(s.BATCH, 1)]) == []


async def test_a_cited_fact_and_a_joined_complaint_lead_to_their_investigation(reader):
    cited = await cited_evidence.investigations_citing(reader, "t1", [(s.BATCH, 1), (s.BATCH, 20), (s.BATCH, 99)])
    assert list(cited) == [s.CASE]
    assert await cited_evidence.investigations_citing(reader, "t1", []) == []
    (found,) = await joined_complaints.investigations_of(reader, "t1", s.COMPLAINT)
    assert found["investigation_id"] == s.CASE
    assert await joined_complaints.known_in(reader, "t1", s.COMPLAINT) == s.CASE
    assert await joined_complaints.known_in(reader, "t2", s.COMPLAINT) is None


async def test_responsibility_records_by_party_product_and_period(reader):
    found = await records(reader, "t1", RecordFilter(product="P-1"))
    assert {(r["party_code"], r["percent"], r["appealed"]) for r in found} == {
        ("production", Decimal(60), False),
        ("S-07", Decimal(40), True),
        ("production_manager", None, False),
    }
    assert {r["investigation_no"] for r in found} == {"I2026-0001"}
    assert len(await records(reader, "t1", RecordFilter(parties=[s.SUPPLIER]))) == 1
    assert await records(reader, "t1", RecordFilter(since=START + timedelta(seconds=1))) == []
    last = found[0]
    rest = await records(reader, "t1", RecordFilter(), after=(START, last["root_cause_id"], last["share_no"]))
    assert [r["share_no"] for r in rest] == [2, 1]


async def test_the_newest_flow_of_the_product_else_the_default(reader):
    flow = await investigation_references.flow_for(reader, "t1", "P-1")
    assert (flow.flow, flow.version, flow.nodes) == ("molding", 2, FLOW.nodes)
    assert await investigation_references.flow_for(reader, "t1", "P-2") == DEFAULT_FLOW
    assert await investigation_references.flow_version(reader, "t1", "default", 0) == DEFAULT_FLOW
    assert (await investigation_references.flow_version(reader, "t1", "molding", 1)).version == 1
    with pytest.raises(NotFound):
        await investigation_references.flow_version(reader, "t1", "molding", 3)
    rules = await investigation_references.newest(reader, "t1", "responsibility_rules")
    assert (rules["name"], rules["hearing_days"]) == ("r", 3)
    assert len(await investigation_references.published(reader, "t1", "process_flow")) == 2


async def test_the_actions_that_answer_the_cause(reader):
    (action,) = await capa_actions.actions_of(reader, "t1", s.CASE)
    assert (action.capa_no, action.action_no, action.status) == ("A2026-0001", 1, "started")
    (cause,) = await capa_causes.capas_of(reader, "t1", s.CASE)
    assert cause["root_cause_id"] == s.ROOT


async def test_the_effect_of_the_measures_that_answer_the_cause(reader):
    (effect,) = await capa_effects.effects_of(reader, "t1", s.CASE)
    assert (effect.capa_no, effect.closed, effect.verdict) == ("A2026-0001", False, None)
    assert (f"{effect.ppm:f}", effect.units, effect.made_from) == ("130.548", 7660, MEASURED.made_from)
    assert await capa_effects.effects_of(reader, "t1", OTHER) == []
