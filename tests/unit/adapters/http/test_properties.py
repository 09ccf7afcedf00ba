"""Whatever is sent, the edge answers: with the value, or with a problem; never with a fault of its own."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.http.edge_errors import InvalidRequest
from shared.adapters.http.json_guard import MAX_INTEGER, depth, guard
from shared.adapters.http.language import negotiate

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
hostile = st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0d8NaI1e9-. tf', max_size=60).map(str.encode)


@given(values)
def test_good_json_passes_unchanged(value):
    for ascii_only in (True, False):
        assert guard(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(hostile)
@settings(max_examples=500)
def test_any_bytes_are_parsed_or_refused(raw):
    try:
        value = guard(raw)
    except InvalidRequest:
        return
    assert value == json.loads(raw)


@given(st.lists(st.sampled_from("[{"), max_size=200))
def test_depth_counts_brackets_outside_strings(opened):
    closed = "".join("]" if bracket == "[" else "}" for bracket in reversed(opened))
    raw = ("".join(opened) + '"[[{\\"["' + closed).encode()
    assert depth(raw) == len(opened)


@given(st.text(max_size=40))
def test_any_accept_language_is_answered(accept):
    assert negotiate(accept) in {"zh-CN", "en"}


header_names = st.sampled_from(
    [
        "if-match",
        "idempotency-key",
        "suyuan-after",
        "accept-language",
        "traceparent",
        "x-correlation-id",
        "content-type",
    ]
)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30).map(
    lambda t: t.encode("latin-1")
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "BREW"]),
    path=st.text(max_size=20)
    | st.sampled_from(["complaints", "complaints/x", "complaints/x/acknowledge", "trace/import"]),
    query=st.binary(max_size=30),
    headers=st.dictionaries(header_names, header_values, max_size=4),
    body=hostile,
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_no_request_makes_the_edge_fail(app, agent, method, path, query, headers, body):
    status = 0

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        nonlocal status
        status = message.get("status", status)

    token = (b"authorization", agent.headers["Authorization"].encode())
    scope = {
        "type": "http", "method": method, "path": f"/api/v1/{path}", "query_string": query, "root_path": "",
        "client": ("127.0.0.1", 1), "headers": [token, *((name.encode(), value) for name, value in headers.items())],
    }  # fmt: skip
    await app(scope, receive, send)
    assert 200 <= status < 500
