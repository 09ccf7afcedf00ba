"""Every branch of the error tree has its status, both languages, and no inside of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from shared.adapters.http.problem import _BRANCHES
from shared.kernel import errors as kernel


@dataclass(eq=False, kw_only=True)
class TooEarly(kernel.Refused):
    zh: ClassVar[str] = "{state} 状态下不能关闭"
    en: ClassVar[str] = "It can't be closed while {state}"
    state: str


@dataclass(eq=False, kw_only=True)
class NoSuchLot(kernel.Invalid):
    field: ClassVar[str | None] = "items.0.lot"
    zh: ClassVar[str] = "没有批次 {lot}"
    en: ClassVar[str] = "There is no lot {lot}"
    lot: str


@dataclass(eq=False, kw_only=True)
class SamePerson(kernel.Forbidden):
    zh: ClassVar[str] = "不能由同一人验证"
    en: ClassVar[str] = "The same person can't verify"


CASES = [
    (TooEarly(state="open"), 409, "too-early"),
    (NoSuchLot(lot="L1"), 422, "no-such-lot"),
    (SamePerson(), 403, "same-person"),
    (kernel.NotFound(what="complaint", id="1"), 404, "not-found"),
    (kernel.VersionConflict(stream="complaint-1", expected=1, actual=2), 409, "version-conflict"),
    (kernel.ClaimTaken(scope="number", value="7", holder="complaint-1"), 409, "claim-taken"),
    (kernel.KeyReused(scope="s", key="k"), 422, "key-reused"),
    (kernel.KeyOwnerErased(owner="1"), 410, "key-owner-erased"),
    (kernel.EventTooLarge(type="t", size=2, limit=1), 413, "event-too-large"),
    (kernel.NotCanonical(path="note", problem="NaN"), 422, "not-canonical"),
    (kernel.AppendRefused(problem="out of range"), 422, "append-refused"),
    (kernel.StoreUnavailable(), 503, "store-unavailable"),
    (kernel.AppendUnknown(), 503, "append-unknown"),
    (kernel.StoreFull(), 507, "store-full"),
    (kernel.UnknownEvent(type="t", schema_version=9), 503, "unknown-event"),
    (kernel.GapInLog(tenant="t", service="s", position=3), 503, "gap-in-log"),
]


@pytest.mark.parametrize(("error", "status", "code"), CASES, ids=lambda case: getattr(case, "code", None))
async def test_each_error_has_its_status_and_both_languages(agent, demo, error, status, code):
    demo.error = error
    for language in ("zh-CN", "en"):
        answer = await agent.get("/api/v1/fails", headers={"Accept-Language": language})
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["type"]) == (
            status,
            status,
            f"urn:suyuan:problem:{code}",
        )
        assert problem["detail"] == error.text(language)
        assert problem["title"]
        assert answer.headers["content-type"] == "application/problem+json"
        assert ("retry-after" in answer.headers) is (status == 503)


def test_every_branch_of_the_tree_has_a_status():
    def leaves(cls):
        return [leaf for sub in cls.__subclasses__() for leaf in leaves(sub)] or [cls]

    ours = [leaf for leaf in leaves(kernel.SuyuanError) if leaf.__module__ == kernel.__name__]
    assert len(ours) > 15
    assert [leaf for leaf in ours if not any(cls in _BRANCHES for cls in leaf.__mro__)] == []


async def test_a_stale_if_match_is_412(agent, demo):
    demo.error = kernel.VersionConflict(stream="complaint-1", expected=1, actual=2)
    assert (await agent.post("/api/v1/fails")).status_code == 409
    answer = await agent.post("/api/v1/fails", headers={"If-Match": '"1"'})
    assert answer.status_code == 412
    assert answer.json()["facts"] == {"stream": "complaint-1", "expected": 1, "actual": 2}


async def test_the_offending_field_is_named(agent, demo):
    demo.error = NoSuchLot(lot="L1")
    answer = await agent.get("/api/v1/fails", headers={"Accept-Language": "en"})
    assert answer.json()["errors"] == [
        {"in": "body", "field": "/items/0/lot", "code": "no-such-lot", "detail": "There is no lot L1"}
    ]


async def test_a_crash_tells_nothing_but_its_correlation_id(agent, demo):
    demo.error = RuntimeError("password=hunter2 at /srv/secret.py")
    answer = await agent.get("/api/v1/fails")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.json()["correlation_id"] == answer.headers["x-correlation-id"]
    assert answer.json()["title"] == "服务器内部错误"
