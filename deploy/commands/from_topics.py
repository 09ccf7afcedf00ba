"""What an auditor asks of the topics alone: the history, and whether it holds. No database, no data folder of ours."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from aiokafka.errors import KafkaError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from deploy.cli import Arguments, language
from deploy.commands.long_work import long_work
from deploy.embedded.system import HEADS_KEY, KEY_BYTES
from deploy.outcomes import NOT_FOUND, TAMPERED
from deploy.settings import settings_for
from shared.adapters.http.audit import audit_line
from shared.adapters.kafka.audit import Heads, Walk, signed_heads, told
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.postgres.verify import Verdict
from shared.adapters.private_file import given
from shared.contracts.catalogue import SERVICES
from shared.kernel.errors import SuyuanError
from shared.kernel.recorded import Recorded


@dataclass(eq=False, kw_only=True)
class NoHeadsKey(SuyuanError):
    exit_code: ClassVar[int] = NOT_FOUND
    zh: ClassVar[str] = "不知道链头用哪把公钥核对：用 --key 给出（GET …/audit/head 的 public_key），或给出数据文件夹"
    en: ClassVar[str] = "By which key were the heads signed? Give it by --key (public_key of GET …/audit/head)"


@dataclass(eq=False, kw_only=True)
class KafkaAway(SuyuanError):
    exit_code: ClassVar[int] = 40
    zh: ClassVar[str] = "Kafka（{brokers}）没有答复：{problem}"
    en: ClassVar[str] = "Kafka at {brokers} does not answer: {problem}"
    brokers: str
    problem: str


@dataclass(eq=False, kw_only=True)
class HeadsKeyUnreadable(SuyuanError):
    exit_code: ClassVar[int] = NOT_FOUND
    zh: ClassVar[str] = "{told} 不是 Ed25519 公钥（64 个十六进制字符）"
    en: ClassVar[str] = "{told} is no Ed25519 public key (64 hexadecimal characters)"
    told: str


def add_kafka(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--kafka",
        nargs="?",
        const="",
        metavar="HOST:PORT,…",
        help="只读主题，默认用 SUYUAN_KAFKA_* · from the topics alone, by SUYUAN_KAFKA_* unless named",
    )


def add_key(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--key", action="append", default=[], metavar="HEX", help="核对链头的公钥 · public key of the heads"
    )


def kafka_of(arguments: Arguments) -> KafkaSettings:
    """The environment's settings, with the brokers of the command line on top."""
    return KafkaSettings(**({"bootstrap": arguments.kafka} if arguments.kafka else {}))


async def verdicts(arguments: Arguments) -> list[tuple[Verdict, float]]:
    """Each log of the topics, and how many seconds its service's topic took. Raises KafkaAway, NoHeadsKey."""
    with answering(kafka_of(arguments)) as settings:
        return await _verdicts(settings, arguments)


async def _verdicts(settings: KafkaSettings, arguments: Arguments) -> list[tuple[Verdict, float]]:
    heads = await signed_heads(settings, _keys(arguments))
    found: list[tuple[Verdict, float]] = []
    with long_work(silent=arguments.json) as progress:
        for service in [arguments.service] if arguments.service else SERVICES:
            began = time.monotonic()
            task = progress.add_task(service, total=None)
            walks: dict[str, Walk] = {}
            async for _ in told(settings, service, walks, heads, lambda n, task=task: progress.advance(task, n)):  # type: ignore[misc]  # bound per service
                pass
            seconds = time.monotonic() - began
            wanted = (walks[tenant] for tenant in sorted(walks) if arguments.tenant in (None, tenant))
            found += [(walk.verdict(), seconds) for walk in wanted]
    return found


async def replay(arguments: Arguments) -> int:
    """NDJSON, one event a line. 3: a history doesn't hold, and is told as far as it does; 4: there is none."""
    with answering(kafka_of(arguments)) as settings:
        return await _replayed(settings, arguments)


async def _replayed(settings: KafkaSettings, arguments: Arguments) -> int:
    count, broken = 0, list[Walk]()
    with _sink(arguments.to) as out, long_work(silent=arguments.to is None) as progress:
        for service in [arguments.service] if arguments.service else SERVICES:
            task = progress.add_task(service, total=None)
            walks: dict[str, Walk] = {}
            async for event in told(settings, service, walks, Heads(), lambda n, task=task: progress.advance(task, n)):  # type: ignore[misc]  # bound per service
                if _wanted(event, arguments):
                    out.write(audit_line(event) + b"\n")
                    count += 1
            broken += [walk for walk in walks.values() if walk.fault and arguments.tenant in (None, walk.tenant)]
    for walk in broken:
        print(_said(walk), file=sys.stderr)
    return TAMPERED if broken else 0 if count else NOT_FOUND


@contextmanager
def answering(settings: KafkaSettings) -> Iterator[KafkaSettings]:
    """Raises KafkaAway."""
    try:
        yield settings
    except KafkaError as problem:
        raise KafkaAway(brokers=settings.bootstrap, problem=type(problem).__name__) from problem


def _wanted(event: Recorded, arguments: Arguments) -> bool:
    meta = event.meta
    return arguments.tenant in (None, meta.tenant) and arguments.stream in (None, meta.stream)


def _said(walk: Walk) -> str:
    from deploy.commands.verify import FAULTS  # noqa: PLC0415 - it has the words, and imports this module

    english = language() == "en"
    why = FAULTS[walk.fault][english] if walk.fault else ""
    return (
        f"{walk.tenant}/{walk.service} position {walk.bad_position}: {why}"
        if english
        else f"{walk.tenant}/{walk.service} 位置 {walk.bad_position}：{why}"
    )


@contextmanager
def _sink(file: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that is there whole or not at all."""
    if file is None:
        yield sys.stdout.buffer
        return
    draft = file.with_name(f".{file.name}.part")
    try:
        with draft.open("wb") as out:
            yield out
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _keys(arguments: Arguments) -> Iterable[Ed25519PublicKey]:
    if arguments.key:
        return [_public(told) for told in arguments.key]
    own = settings_for(arguments).data_dir / "keys" / HEADS_KEY
    if not own.exists():
        raise NoHeadsKey
    return [Ed25519PrivateKey.from_private_bytes(given(own, KEY_BYTES)).public_key()]


def _public(told: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(told))
    except ValueError:
        raise HeadsKeyUnreadable(told=told) from None
