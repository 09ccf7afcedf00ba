"""docker-compose.yml as an operator runs it, under a project name of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.pages import ROOT

UP = ("up", "--detach", "--wait", "--wait-timeout", "180")
# the steps of a move, as docs/operations.md has them
REACHABLE = ("-f", "docker-compose.yml", "-f", "deploy/docker/moving.yml")
AS_ROOT = ("--user", "root", "--cap-add", "CHOWN", "--cap-add", "DAC_OVERRIDE")
INTO_THE_VOLUME = "cp -r /moved/. /data/ && chown -R 10001:10001 /data"


def engine() -> str | None:
    """None where a Docker engine with compose answers, else why not."""
    if shutil.which("docker") is None:
        return "没有 docker 命令 · there is no docker command"
    for words in (("info", "--format", "{{.ServerVersion}}"), ("compose", "version")):
        said = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)  # noqa: S607 - the machine's own
        if said.returncode or not said.stdout.strip():
            return f"docker {words[0]} 无应答 · does not answer: {(said.stderr.strip().splitlines() or ['?'])[-1]}"
    return None


class Stack:
    """`url` is the gateway's."""

    def __init__(self, folder: Path, *words: str) -> None:
        """`words`: more for compose-env."""
        self.postgres = 0  # its port on loopback, where a test publishes it
        self.env_file = folder / ".env"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.name = f"suyuan-test-{os.getpid()}"
        self.deploy("compose-env", "--file", str(self.env_file), *words)

    def deploy(self, *words: str) -> str:
        command = [sys.executable, "-m", "deploy", *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    def compose(self, *words: str) -> str:
        """What it said. Raises AssertionError with the services' last lines."""
        said = self._docker(*words)
        if said.returncode:
            logs = self._docker("logs", "--tail", "15").stdout
            raise AssertionError(f"docker compose {' '.join(words)}: {said.stderr[-2000:]}\n{logs}")
        return said.stdout

    def _docker(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", "--project-name", self.name, "--env-file", str(self.env_file), *words]
        environment = {**os.environ, "SUYUAN_PORT": str(self.port)}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def inspected(self) -> dict[str, Any]:
        """Container name without the project's → what the engine says of it."""
        ids = self.compose("ps", "--quiet").split()
        said = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True)  # noqa: S607 - as above
        return {each["Name"].removeprefix(f"/{self.name}-"): each for each in json.loads(said.stdout)}

    def client(self, role: str) -> httpx.Client:
        token = self.deploy("token", "--env-file", str(self.env_file), "--role", role)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def requests_of(self, container: str) -> int:
        """How many commands this container has answered, by its own metrics."""
        ask = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8000/metrics').read().decode())"
        command = ["docker", "exec", f"{self.name}-{container}", "python", "-c", ask]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = [line for line in said.splitlines() if line.startswith("suyuan_http_request_seconds_count{")]
        return sum(int(float(line.split()[-1])) for line in lines if 'method="POST"' in line)
