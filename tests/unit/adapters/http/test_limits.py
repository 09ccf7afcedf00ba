"""A large body is refused before it is held."""

from __future__ import annotations

import tracemalloc

CHUNK = b" " * 65_536
HUNDRED_MB = 100 * 1024 * 1024


async def _hundred_mb(app, token: str, headers: list, *, path: str = "/api/v1/complaints") -> tuple[int, int]:
    """Send 100 MB in chunks straight to the ASGI application: the status, and how many bytes it took."""
    taken = 0
    status = 0

    async def receive():
        nonlocal taken
        taken += len(CHUNK)
        return {"type": "http.request", "body": CHUNK, "more_body": taken < HUNDRED_MB}

    async def send(message):
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "root_path": "",
        "client": ("127.0.0.1", 1), "headers": [(b"authorization", token.encode()), *headers],
    }  # fmt: skip
    await app(scope, receive, send)
    return status, taken


async def test_a_100_mb_body_never_fills_the_memory(app, agent):
    token = agent.headers["Authorization"]
    tracemalloc.start()
    try:
        status, taken = await _hundred_mb(app, token, [(b"content-type", b"application/json")])
        upload = [(b"content-type", b"text/csv")]
        streamed = await _hundred_mb(app, token, upload, path="/api/v1/trace/import")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (status, taken) == (413, len(CHUNK))
    assert streamed == (413, len(CHUNK))
    assert peak < 2 * 1024 * 1024


async def test_an_announced_length_is_refused_before_a_byte_is_read(app, agent):
    length = [(b"content-length", str(HUNDRED_MB).encode()), (b"content-type", b"application/json")]
    assert await _hundred_mb(app, agent.headers["Authorization"], length) == (413, 0)


async def test_without_a_token_no_byte_is_read(app):
    assert await _hundred_mb(app, "", []) == (401, 0)


async def test_the_limit_itself_is_allowed(agent, good):
    answer = await agent.post("/api/v1/complaints", json=good | {"note": "x" * 4000}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201


async def test_413_is_a_bilingual_problem(agent):
    answer = await agent.post("/api/v1/trace/import", content=b"x" * 1001, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 413
    assert answer.json()["detail"] == "请求体超过 1000 字节"


async def test_an_upload_arrives_with_its_name_and_its_hash_in_the_fingerprint(agent, demo):
    address = "/api/v1/complaints/01934d2e-7a00-7000-8000-000000000001/attachments"
    keys = []
    for boundary in ("one", "two"):
        answer = await agent.post(
            address,
            files={"file": ("图.png", b"\x89PNG", "image/png")},
            headers={"Idempotency-Key": "k", "Content-Type": f"multipart/form-data; boundary={boundary}"},
        )
        assert answer.status_code == 204
        _, data, name, context = demo.seen[-1]
        assert (data, name) == (b"\x89PNG", "图.png")
        keys.append(context.key.fingerprint)
    assert keys[0] == keys[1]


async def test_an_upload_without_its_file_or_of_another_type_is_named(agent):
    address = "/api/v1/complaints/01934d2e-7a00-7000-8000-000000000001/attachments"
    answer = await agent.post(address, files={"other": b"x"}, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")
    assert (await agent.post(address, json={}, headers={"Idempotency-Key": "k"})).status_code == 415
    broken = {"Idempotency-Key": "k", "Content-Type": "multipart/form-data; boundary=x"}
    answer = await agent.post(address, content=b"not a form", headers=broken)
    assert answer.status_code == 422
