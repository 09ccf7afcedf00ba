"""One node, broker and controller in a JVM of its own, that works in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from deploy.embedded.process import serves, serving, shut_down, wait_until
from deploy.embedded.program_log import ProgramLog
from deploy.kafka.binaries import Programs
from deploy.kafka.errors import KafkaStartFailed
from deploy.kafka.properties import LOGGING

FORMAT_SECONDS = 60.0
SHUTDOWN = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 10.0))
"""Controlled shutdown, then kill, seconds each: the last of three has no quorum to ask and would wait for minutes."""
KILL = ((signal.SIGKILL, 10.0),)
JAVA = "java"
_TOOL = ("-XX:TieredStopAtLevel=1", "-Xmx128m")
_SERVER = ("-XX:+ExitOnOutOfMemoryError",)


class Node:
    """`process` is None unless it is meant to run."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.folder = folder
        self.log = ProgramLog(folder / "broker.log")
        self.process: subprocess.Popen[bytes] | None = None
        self._said = 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def has_died(self) -> bool:
        """It is gone without having been asked."""
        return self.process is not None and not self.is_running

    def configure(self, properties: str, links: Mapping[str, Path]) -> None:
        """Passwords may be among them: only we read them. `links`: what is to be found here by a name."""
        for name, text in (("server.properties", properties), ("log4j2.properties", LOGGING)):
            file = self.folder / name
            file.touch(0o600)
            file.write_text(text)
        for name, target in links.items():
            (self.folder / name).unlink(missing_ok=True)
            (self.folder / name).symlink_to(target)

    async def format(self, programs: Programs, cluster_id: str, credentials: Sequence[str]) -> None:
        """Make `data`. Raises KafkaStartFailed."""
        arguments = self.folder / "format.arguments"  # a command line can be read by others
        arguments.touch(0o600)
        arguments.write_text("\n".join(("--cluster-id", cluster_id, "--config", "server.properties", *credentials)))
        tool = ("kafka.tools.StorageTool", "format", "@format.arguments")
        told = ProgramLog(self.folder / "format.log")
        with told.open() as output:
            process = self._spawn([*self._java(programs, _TOOL), *tool], output)
        if await _ended(process) != 0:
            raise KafkaStartFailed(folder=self.folder, problem="format", last_lines=told.last_words(0))
        for secret in (arguments, told.path):
            secret.unlink()

    def start(self, programs: Programs, options: Sequence[str]) -> None:
        """Start it and don't wait."""
        scratch = self.folder / "tmp"  # native libraries are unpacked there, and stay there after a kill
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        options = (f"-Djava.io.tmpdir={scratch}", *_SERVER, *options)
        with self.log.open() as log:
            self._said = log.tell()
            command = [*_dies_with_us(), *self._java(programs, options), "kafka.Kafka", "server.properties"]
            self.process = self._spawn(command, log)

    async def end(self, steps: Sequence[tuple[int, float]] = SHUTDOWN) -> None:
        """Stop it; what isn't running any more is fine."""
        process, self.process = self.process, None
        if process is not None:
            await shut_down(process.pid, lambda: process.poll() is not None, steps)

    async def clear_orphans(self) -> None:
        """End what a killed launcher left here: a Java that works in this very folder, whatever its pid."""
        for pid in serving(self.folder, JAVA):
            await shut_down(pid, lambda pid=pid: not serves(pid, self.folder, JAVA), SHUTDOWN)  # type: ignore[misc]  # bound per pid

    def failure(self, problem: str) -> KafkaStartFailed:
        """Why it did not start, by what it wrote since."""
        return KafkaStartFailed(folder=self.folder, problem=problem, last_lines=self.log.last_words(self._said))

    def _java(self, programs: Programs, options: Sequence[str]) -> Iterator[str]:
        yield from (programs.java, "-XX:-UsePerfData", *options)  # no files in the machine's temporary folder
        yield "-Dlog4j2.configurationFile=log4j2.properties"
        yield from ("-cp", f"{programs.libs}/*")

    def _spawn(self, command: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """In a session of its own: Ctrl-C at the terminal is for the launcher, which stops this one."""
        return subprocess.Popen(  # noqa: S603 - Kafka, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"},  # paths may be Chinese
            start_new_session=True,
            umask=0o077,
        )


def _dies_with_us() -> Iterator[str]:
    """Where the machine can: the kernel kills the JVM when the thread that started it, the launcher's, is gone."""
    setpriv = shutil.which("setpriv")
    if setpriv is not None:
        yield from (setpriv, "--pdeathsig", "KILL", "--")


async def _ended(process: subprocess.Popen[bytes]) -> int:
    try:
        await wait_until(lambda: process.poll() is not None, FORMAT_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
    return process.wait()
