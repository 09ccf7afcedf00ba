"""Single services as processes of their own, each with its own environment: started, ended and killed by a test."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deploy.distributed.supervisor import PUBLIC_KEYS, _free_ports, _keep_secrets
from deploy.embedded.databases import ServiceDatabase
from deploy.embedded.system import HEADS_KEY, MASTER_KEY
from deploy.settings import embedded_settings
from shared.adapters.http.app import SECRET_FILE
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.kafka.settings import KafkaSettings
from shared.kernel.clock import system_clock
from shared.kernel.ids import new_id
from tests.moving import url_of
from tests.pages import ROOT
from tests.published import PATIENCE, eventually

START_SECONDS, STOP_SECONDS = 60.0, 30.0
SERVE = ("-m", "deploy")


@dataclass
class Served:
    """One process of a service. `program`: what Python is given before `serve SERVICE …`."""

    service: str
    port: int
    told: Mapping[str, str]
    output: Path
    program: Sequence[str] = SERVE
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def begin(self) -> None:
        words = ["serve", self.service, "--port", str(self.port), "--with-parent"]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, *words],
                cwd=ROOT,
                env=os.environ | self.told,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def answering(self) -> None:
        async def answers() -> bool:
            assert self.is_running, self.output.read_text()[-3000:]
            try:
                return (await asyncio.to_thread(httpx.get, f"{self.url}/health/live")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        await eventually(answers, START_SECONDS)

    async def health(self) -> tuple[int, dict[str, str]]:
        answer = await asyncio.to_thread(httpx.get, f"{self.url}/health/ready", timeout=30)
        return answer.status_code, answer.json()["checks"]

    async def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return await self._ended()

    async def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            await self._ended()

    async def _ended(self) -> int:
        assert self.process is not None
        code = await asyncio.to_thread(self.process.wait, STOP_SECONDS)
        assert self.process.stdin is not None
        self.process.stdin.close()
        return code


@dataclass
class Serving:
    """Secrets and topics that the processes share."""

    folder: Path
    kafka: KafkaSettings
    stack: AsyncExitStack
    served: list[Served] = field(default_factory=list)

    def begin(self, service: str, database: Mapping[str, str], *, program: Sequence[str] = SERVE) -> Served:
        """Start one more and don't wait. `database`: what `urls` says."""
        (port,) = _free_ports(1)
        output = self.folder / f"{len(self.served)}-{service}.out"
        one = Served(service, port, self._told() | dict(database), output, program)
        self.served.append(one)
        one.begin()
        return one

    def client(self, one: Served, role: str, tenant: str = "t1") -> httpx.AsyncClient:
        issuer = LocalIssuer(embedded_settings(self.folder), system_clock)
        headers = {"Accept-Language": "en", "Authorization": f"Bearer {issuer.token([role], tenant=tenant)}"}
        made = httpx.AsyncClient(base_url=one.url, headers=headers, timeout=30)
        self.stack.push_async_callback(made.aclose)
        return made

    def _told(self) -> dict[str, str]:
        told = {
            "mode": "distributed",
            "data_dir": self.folder,
            "master_key_file": self.folder / "keys" / MASTER_KEY,
            "heads_key_file": self.folder / "keys" / HEADS_KEY,
            "blobs_dir": self.folder / "blobs",
            "edge_secret_file": self.folder / SECRET_FILE,
            "jwks_file": self.folder / PUBLIC_KEYS,
            "requests_per_second": 0,
        }
        kafka = self.kafka.model_dump(include={"bootstrap", "topic_prefix", "replicas", "min_insync", "partitions"})
        told |= {f"kafka_{name}": value for name, value in kafka.items()}
        return {f"SUYUAN_{name.upper()}": str(value) for name, value in told.items()}


@asynccontextmanager
async def serving(folder: Path, kafka: KafkaSettings) -> AsyncIterator[Serving]:
    """Ends, with SIGKILL, what it left running."""
    _keep_secrets(embedded_settings(folder))
    async with AsyncExitStack() as stack:
        one = Serving(folder, kafka, stack)
        try:
            yield one
        finally:
            for served in one.served:
                if served.is_running:
                    await served.kill()


def urls(database: ServiceDatabase) -> dict[str, str]:
    return {"SUYUAN_DATABASE_URL": url_of(database.runtime), "SUYUAN_MIGRATION_URL": url_of(database.owner)}


async def created(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Asked again, under the same key, while it is refused for now: who has just begun compares its history first."""
    key = {"Idempotency-Key": str(new_id())}
    until = time.monotonic() + PATIENCE
    while (answer := await client.post(path, json=body, headers=key)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.2)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    made: dict[str, Any] = answer.json()
    return made
