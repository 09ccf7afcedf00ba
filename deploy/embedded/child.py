"""The server as a child process on a folder: for the demo, chaos and the end-to-end tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
READY = re.compile(r"is ready: (http://127\.0\.0\.1:\d+)/")
BROKERS = re.compile(r"^Kafka: (\S+)$", re.MULTILINE)
START_SECONDS = 90.0
LOOK_SECONDS = 0.05


@dataclass
class Child:
    """A server on a folder; `port` 0: any free one, another at each start. `kafka`: four processes and a local Kafka.

    `start` waits until it answers; `stop` asks it to end; `kill` doesn't ask. What it printed is in `output`.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    url: str = ""
    port: int = 0
    kafka: bool = False
    brokers: str = ""
    _began: int = 0
    _clients: list[httpx.Client] = field(default_factory=list)

    @property
    def output(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.out"

    @property
    def said(self) -> list[str]:
        """The lines it has printed since it was last begun."""
        return self.output.read_bytes()[self._began :].decode("utf-8", "replace").splitlines()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> Child:
        """Raises RuntimeError with what it said where it ended instead, TimeoutError."""
        self.begin()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            said = "\n".join(self.said)
            found = READY.search(said)
            if found:
                self.url = found[1]
                brokers = BROKERS.search(said)
                self.brokers = brokers[1] if brokers else ""
                return self
            if not self.is_running:
                raise RuntimeError(said)
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"not ready after {START_SECONDS:.0f} s")

    def begin(self) -> subprocess.Popen[str]:
        """Start it and don't wait."""
        self._began = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("a", encoding="utf-8") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                self._command("run", "--port", str(self.port), *(["--kafka"] if self.kafka else [])),
                cwd=ROOT,
                env=os.environ | {"SUYUAN_LOG_FORMAT": "json"} | self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return self.process

    def stop(self, seconds: float = 30) -> int:
        """Its exit code."""
        self._hang_up()
        if self.process is None:
            return 0
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        self._hang_up()
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same folder."""
        return subprocess.run(  # noqa: S603 - our own program
            self._command(*words),
            cwd=ROOT,
            env=os.environ | self.environment | more,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def token(self, role: str, tenant: str = "demo", subject: str | None = None, parties: Sequence[str] = ()) -> str:
        words = ["--role", role, "--tenant", tenant, *(["--subject", subject] if subject else [])]
        for party in parties:
            words += ["--party", party]
        return self.run("token", *words).stdout.strip()

    def client(
        self, role: str, tenant: str = "demo", subject: str | None = None, parties: Sequence[str] = ()
    ) -> httpx.Client:
        token = self.token(role, tenant, subject, parties)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        made = httpx.Client(base_url=self.url, headers=headers, timeout=60)
        self._clients.append(made)
        return made

    def _hang_up(self) -> None:
        while self._clients:
            self._clients.pop().close()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "deploy", *words, "--data-dir", str(self.folder)]
