"""The machine's Java, and Kafka's jars: fetched once by Maven as pinned in pom.xml, never committed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.program_log import LAST_LINES
from deploy.kafka.errors import KafkaNotFetched, KafkaToolsMissing
from shared.adapters.logging import get_logger

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).parents[2] / ".cache" / "kafka"
JAVA_NEEDED = 17
FETCH_SECONDS = 600
NONE = "–"
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
"""Of `java -version`: 17.0.15, and 1.8.0 of the old days."""

_log = get_logger("suyuan.kafka")


@dataclass(frozen=True)
class Programs:
    """`java` runs the jars in `libs`, 43 MiB of them."""

    java: str
    libs: Path


def programs(cache: Path = CACHE) -> Programs:
    """Fetched where they aren't there yet, which takes seconds and blocks. Raises KafkaToolsMissing, KafkaNotFetched.

    Maven is asked for only then. Two processes at once are fine: the second waits and finds what the first fetched.
    """
    libs = cache / hashlib.sha256(POM.read_bytes()).hexdigest()[:16] / "libs"
    java, found = _java()
    maven = shutil.which("mvn")
    if int(found or 0) < JAVA_NEEDED or (maven is None and not libs.is_dir()):
        raise KafkaToolsMissing(needed=JAVA_NEEDED, java=found or NONE, maven=maven or NONE)
    if not libs.is_dir() and maven is not None:
        with _alone_in(cache):
            if not libs.is_dir():
                _fetch(maven, libs)
    return Programs(java, libs)


def _java() -> tuple[str, str]:
    """The program and its major version, empty where there is none that runs."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    if java is None:
        return "", ""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - the machine's Java, no shell
    except (OSError, subprocess.SubprocessError):
        return java, ""
    version = _VERSION.search(said.stderr)
    return java, version[1] if version else ""


@contextmanager
def _alone_in(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(maven: str, libs: Path) -> None:
    """Into a folder beside, renamed when complete. Whoever fetches is alone: what else lies there was killed."""
    _log.info("fetching Apache Kafka with Maven", into=str(libs))
    cache = libs.parent.parent
    for left in cache.glob("fetch-*"):
        shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix="fetch-", dir=cache))
    options = ("-q", "-B", "--strict-checksums", "-f", str(POM), "-DincludeScope=runtime")
    try:
        said = subprocess.run(  # noqa: S603 - the machine's Maven, no shell
            [maven, *options, "dependency:copy-dependencies", f"-DoutputDirectory={scratch / 'libs'}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=FETCH_SECONDS,
            check=False,
        )
        if said.returncode:
            raise KafkaNotFetched(last_lines="\n".join(said.stdout.splitlines()[-LAST_LINES:]) or NONE)
        scratch.rename(libs.parent)
    except subprocess.TimeoutExpired as late:
        raise KafkaNotFetched(last_lines=f"{late.timeout:.0f} s") from late
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
