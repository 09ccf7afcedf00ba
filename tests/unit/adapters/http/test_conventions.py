"""Keys, versions, positions, cursors and languages."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.adapters.http.language import negotiate
from shared.adapters.http.positions import AsOf, parse_as_of, read_vector, write_vector
from shared.kernel.recorded import Actor

KEY = {"Idempotency-Key": "k-1"}
ONE = "/api/v1/complaints/01934d2e-7a00-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "zh-CN"), ("", "zh-CN"), ("*", "zh-CN"), ("en", "en"), ("en-GB", "en"), ("zh", "zh-CN"),
        ("zh-TW", "zh-CN"), ("zh-Hans-CN", "zh-CN"), ("fr", "zh-CN"), ("fr, en;q=0.1", "en"),
        ("en;q=0.5, zh;q=0.9", "zh-CN"), ("zh;q=0.1, en;q=0.2", "en"), ("en, zh", "zh-CN"),
        ("zh-CN;q=0, *", "en"), ("*;q=0.1, en;q=0.5", "en"), ("en;q=2", "zh-CN"), ("en;q=x, en-US;q=0.3", "en"),
        ("en;q=0", "zh-CN"), (",;,", "zh-CN"),
    ],
)  # fmt: skip
def test_the_language_is_the_heaviest_offered(accept, language):
    assert negotiate(accept) == language


async def test_the_context_says_who_when_and_under_which_key(agent, demo, good):
    headers = KEY | {"If-Match": '"3"', "X-Correlation-ID": "01934d2e-7a00-7000-8000-0000000000ff"}
    answer = await agent.post("/api/v1/complaints", json=good, headers=headers)
    body, context = demo.seen[-1]
    assert answer.status_code == 201
    assert (answer.headers["etag"], answer.headers["suyuan-position"]) == ('"1"', "intake:120")
    assert answer.content == b'{"id":"1"}'
    assert body.heard_at == datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)
    assert (context.tenant, context.actor) == ("acme", Actor(subject="u-1", roles=("service_agent",)))
    assert (context.key.scope, context.key.key, len(context.key.fingerprint)) == ("u-1:register", "k-1", 32)
    assert context.expected == 3
    assert context.correlation_id == UUID("01934d2e-7a00-7000-8000-0000000000ff")
    assert answer.headers["x-correlation-id"] == str(context.correlation_id)


async def test_the_fingerprint_covers_path_version_and_body(agent, demo, good):
    async def fingerprint(path: str, body: dict | None, **headers: str) -> bytes:
        await agent.post(path, json=body, headers=KEY | headers)
        return demo.seen[-1][1].key.fingerprint

    first = await fingerprint("/api/v1/complaints", good)
    assert await fingerprint("/api/v1/complaints", good) == first
    others = {
        await fingerprint("/api/v1/complaints", good | {"title": "x"}),
        await fingerprint("/api/v1/complaints", good, **{"If-Match": '"1"'}),
        await fingerprint(ONE + "/acknowledge", None),
    }
    assert len(others | {first}) == 4


async def test_a_write_without_a_key_gets_a_fresh_one(agent, demo):
    for _ in range(2):
        assert (await agent.post(ONE + "/acknowledge")).status_code == 200
    first, second = (context.key.key for _, context in demo.seen)
    assert first != second


async def test_a_trace_gives_the_correlation_and_goes_into_the_context(agent, demo):
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await agent.post(ONE + "/acknowledge", headers={"traceparent": parent})
    context = demo.seen[-1][1]
    assert (context.traceparent, context.correlation_id) == (parent, UUID("4bf92f35-77b3-4da6-a3ce-929d0e0e4736"))
    await agent.post(ONE + "/acknowledge", headers={"traceparent": "00-junk"})
    assert demo.seen[-1][1].traceparent is None


async def test_a_correlation_text_always_gives_the_same_id(agent):
    ids = {(await agent.get("/", headers={"X-Correlation-ID": "order 7"})).headers["x-correlation-id"] for _ in "ab"}
    assert len(ids) == 1
    UUID(ids.pop())


async def test_reads_name_their_version_and_positions(agent, demo):
    answer = await agent.get(ONE, headers={"Suyuan-After": "intake:5"}, params={"as_of": "intake:120,capa:3"})
    assert (answer.headers["etag"], answer.headers["suyuan-position"]) == ('"3"', "intake:7,capa:2")
    read = demo.seen[-1][1]
    assert (read.tenant, read.after, read.as_of) == ("acme", {"intake": 5}, AsOf(positions={"intake": 120, "capa": 3}))


def test_as_of_is_a_time_or_a_vector():
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert parse_as_of("2026-01-02T11:04:05+08:00") == AsOf(moment=moment)
    assert parse_as_of("2026-01-02T11:04:05 08:00") == AsOf(moment=moment)
    assert parse_as_of("2026-01-02t03:04:05z") == AsOf(moment=moment)
    assert parse_as_of("intake:0") == AsOf(positions={"intake": 0})


def test_a_vector_is_written_as_it_is_read():
    vector = {"analytics": 9, "intake": 120}
    assert write_vector(vector) == "intake:120,analytics:9"
    assert read_vector(write_vector(vector)) == vector
    assert read_vector("intake:9223372036854775808") is None


async def test_a_cursor_goes_on_where_the_page_ended(agent, demo):
    page = (await agent.get("/api/v1/complaints?state=open&limit=1")).json()
    assert page["items"] == [{"price": "1.50"}]
    answer = await agent.get("/api/v1/complaints", params={"state": "open", "limit": "2", "cursor": page["next"]})
    assert answer.status_code == 200
    assert demo.seen[-1][1] == ["2026-01-01", "01934d2e-7a00-7000-8000-000000000001"]


async def test_a_forged_or_borrowed_cursor_is_a_clear_400(agent, issuer):
    cursor = (await agent.get("/api/v1/complaints?state=open")).json()["next"]
    attempts = [
        {"cursor": ("A" if cursor[0] != "A" else "B") + cursor[1:], "state": "open"},
        {"cursor": cursor[:-4] + "AAAA", "state": "open"},
        {"cursor": cursor},
        {"cursor": cursor, "state": "closed"},
        {"cursor": "", "state": "open"},
        {"cursor": "é", "state": "open"},
    ]
    for attempt in attempts:
        answer = await agent.get("/api/v1/complaints", params=attempt)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:suyuan:problem:bad-cursor")
    other = {"Authorization": f"Bearer {issuer.token(['service_agent'], tenant='other')}"}
    answer = await agent.get("/api/v1/complaints", params={"cursor": cursor, "state": "open"}, headers=other)
    assert answer.status_code == 400
