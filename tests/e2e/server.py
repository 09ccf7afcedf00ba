"""The server as a user starts it: a process of its own, on a free port and a throwaway folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
READY = re.compile(r"http://127\.0\.0\.1:(\d+)/")
START_SECONDS = 60.0


@dataclass
class Server:
    """`start` waits until it answers; `stop` asks it to; `kill` doesn't. What it printed is in `output`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    url: str = ""

    @property
    def output(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.out"

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "deploy", *words, "--data-dir", str(self.folder)]

    def start(self) -> Server:
        began = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("a") as out:
            self.process = subprocess.Popen(
                self.command("run", "--port", "0"),
                cwd=ROOT,
                env=os.environ | {"SUYUAN_LOG_FORMAT": "json"} | self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            said = self.output.read_text()[began:]
            found = READY.search(said)
            if found:
                self.url = found[0].rstrip("/")
                return self
            if self.process.poll() is not None:
                raise RuntimeError(said)
            time.sleep(0.05)
        raise TimeoutError(self.output.read_text()[began:])

    def stop(self, seconds: float = 30) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same folder."""
        return subprocess.run(
            self.command(*words),
            cwd=ROOT,
            env=os.environ | self.environment | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def client(self, role: str, tenant: str = "demo", subject: str | None = None) -> httpx.Client:
        words = ["token", "--role", role, "--tenant", tenant, *(["--subject", subject] if subject else [])]
        token = self.run(*words).stdout.strip()
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)
