"""An embedded folder moved into docker compose, step by step as docs/operations.md has it."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.embedded.child import Child
from tests.compose.stack import AS_ROOT, INTO_THE_VOLUME, REACHABLE, UP, Stack, engine
from tests.e2e.test_embedded import NAME, PICTURE, register

PATIENCE_SECONDS = 60.0

if (missing := engine()) is not None:
    pytest.skip(f"没有 Docker 引擎 · no Docker engine: {missing}", allow_module_level=True)


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def lived(base) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """A folder with one complaint and its attachment; the complaint as it was seen there."""
    server = Child(base / "data")
    try:
        server.start()
        agent = server.client("service_agent")
        made = register(agent)
        seen = agent.get(f"/api/v1/complaints/{made['id']}").json()
        assert server.stop() == 0
    finally:
        server.kill()
    return server.folder, made, seen


@pytest.fixture(scope="module")
def stack(base, lived, monkeypatch_module) -> Iterator[Stack]:
    made = Stack(base, "--keys-of", str(lived[0]))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made.postgres = free.getsockname()[1]
    monkeypatch_module.setenv("SUYUAN_MOVING_PORT", str(made.postgres))
    try:
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "20")


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_the_folder_is_moved_and_goes_on_in_compose(stack, base, lived):
    folder, made, before = lived
    stack.compose("build", "--quiet")
    stack.compose(*REACHABLE, "up", "--detach", "--wait", "--wait-timeout", "120", "postgres")
    out = base / "moved"
    words = ("--compose", str(stack.env_file), "--postgres", f"127.0.0.1:{stack.postgres}")
    stack.deploy("migrate-to", "--data-dir", str(folder), *words, "--blobs", f"{out}/blobs", "--heads", f"{out}/heads")
    run = ("run", "--rm", "--no-deps", *AS_ROOT, "--volume", f"{out}:/moved:ro", "--entrypoint", "sh", "intake")
    stack.compose(*run, "-c", INTO_THE_VOLUME)
    stack.compose(*UP)
    with stack.client("service_agent") as agent:
        goes_on(agent, made["id"], before)
    with stack.client("auditor") as auditor:
        verdict = auditor.get("/api/v1/intake/audit/verify")
    assert (verdict.status_code, verdict.json()["bad_position"]) == (200, None), verdict.text


def goes_on(agent: httpx.Client, complaint: str, before: dict[str, Any]) -> None:
    path = f"/api/v1/complaints/{complaint}"
    assert agent.get(path).json()["form"] == before["form"]
    assert before["form"]["customer"]["name"] == NAME
    [attachment] = before["attachments"]
    assert agent.get(f"{path}/attachments/{attachment['attachment_id']}").content == PICTURE
    deadline = time.monotonic() + PATIENCE_SECONDS
    while complaint not in {one["id"] for one in agent.get("/api/v1/complaints").json()["items"]}:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    added = agent.post(f"{path}/attachments", files={"file": ("b.png", PICTURE)}, headers={"Idempotency-Key": "again"})
    assert added.status_code == 201, added.text  # the volume is the services' to write
