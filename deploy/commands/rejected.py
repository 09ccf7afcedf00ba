"""Messages of other systems that couldn't be taken: list and show them, send them again, drop them with a reason."""

from __future__ import annotations

import asyncio
import base64
import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli import USAGE_EXIT, Arguments, language
from deploy.commands.from_topics import answering, kafka_of
from deploy.outcomes import NOT_FOUND
from shared.adapters.kafka.rejected import RejectedTopic
from shared.adapters.kafka.rejection import Handling, Rejected, Rejection, still_open
from shared.kernel.clock import system_clock

Columns = tuple[tuple[str, str], ...]
_OPEN: Columns = (
    ("编号", "id"),
    ("拒收时间", "rejected at"),
    ("租户", "tenant"),
    ("位置", "place"),
    ("问题", "problem"),
)
_HANDLED: Columns = (
    ("编号", "id"),
    ("处理时间", "handled at"),
    ("租户", "tenant"),
    ("处理", "what"),
    ("处理人", "by"),
    ("理由", "reason"),
)
EVERY = "all"
DONE = {"retry": "retried", "drop": "dropped"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=("list", "show", "retry", "drop"), default="list")
    parser.add_argument(
        "ids", nargs="*", metavar="ID", help="编号或其开头；all 为全部 · an id or its beginning, or all"
    )
    parser.add_argument("--reason", help="处理理由，永久保留 · why, kept for ever")
    parser.add_argument("--by", default=None, help="处理人（默认本机账户） · who (default: this account)")
    parser.add_argument("--topic", help="只限一个主题 · one topic only")
    parser.add_argument("--tenant", help="只限一个租户 · one tenant only")
    parser.add_argument("--all", action="store_true", help="连同已处理的 · those already dealt with, too")
    parser.add_argument("--kafka", metavar="HOST:PORT,…", help="默认 · default: SUYUAN_KAFKA_BOOTSTRAP")
    parser.add_argument("--json", action="store_true", help="NDJSON")


def run(arguments: Arguments) -> int:
    """4: there is no such open rejection."""
    if arguments.what in ("retry", "drop") and not (arguments.reason or "").strip():
        print("请用 --reason 说明理由 · say why with --reason", file=sys.stderr)
        return USAGE_EXIT
    if arguments.what != "list" and not arguments.ids:
        print("请给出编号或 all · name an id, or all", file=sys.stderr)
        return USAGE_EXIT
    by = arguments.by or getpass.getuser()
    return asyncio.run(_run(arguments, RejectedTopic(kafka_of(arguments), by, system_clock)))


async def _run(arguments: Arguments, topic: RejectedTopic) -> int:
    with answering(topic.settings):
        records = await topic.records()
        if arguments.what == "list":
            _list(arguments, records)
            return 0
        chosen, missing = _chosen(arguments, still_open(records))
        for one in missing:
            print(f"没有待处理的拒收消息 {one} · no open rejection is {one}", file=sys.stderr)
        if arguments.what == "show":
            for rejected in chosen:
                _show(rejected, as_json=arguments.json)
        else:
            await _handle(arguments, topic, chosen)
    return NOT_FOUND if missing or not chosen else 0


async def _handle(arguments: Arguments, topic: RejectedTopic, chosen: Sequence[Rejected]) -> None:
    """One after the other: what was done is said at once, whatever the next one meets."""
    for rejected in chosen:
        if arguments.what == "retry":
            await topic.retry(rejected, arguments.reason)
            said = f"✓ {rejected.id} 已重新发送 sent again → {rejected.rejection.origin.topic}"
        else:
            await topic.drop(rejected, arguments.reason)
            said = f"✓ {rejected.id} 已放弃 dropped"
        print(_line({"id": str(rejected.id), "what": DONE[arguments.what]}) if arguments.json else said)


def _chosen(arguments: Arguments, found: Mapping[UUID, Rejected]) -> tuple[list[Rejected], list[str]]:
    """Those named, and the names of which there is none, or more than one."""
    among = [one for one in found.values() if _is_asked_for(arguments, one.rejection)]
    if arguments.ids == [EVERY]:
        return among, []
    named = {word: [one for one in among if str(one.id).startswith(word.lower())] for word in arguments.ids}
    chosen = {one.id: one for fitting in named.values() if len(fitting) == 1 for one in fitting}
    return list(chosen.values()), [word for word, fitting in named.items() if len(fitting) != 1]


def _is_asked_for(arguments: Arguments, one: Rejection | Handling) -> bool:
    return arguments.topic in (None, one.origin.topic) and arguments.tenant in (None, one.tenant)


def _list(arguments: Arguments, records: Sequence[Rejected | Handling]) -> None:
    opened = [one for one in still_open(records).values() if _is_asked_for(arguments, one.rejection)]
    ended = [one for one in records if isinstance(one, Handling) and _is_asked_for(arguments, one)]
    if arguments.json:
        for one in opened:
            print(_line({name: said for name, said in _told(one).items() if name != "key"}))
        for handling in ended if arguments.all else ():
            print(_line({"id": str(handling.origin.id), **msgspec.to_builtins(handling)}))
        return
    english = language() == "en"
    _print(english, _OPEN, [_row(one, english=english) for one in opened], ("没有待处理的拒收消息", "nothing is open"))
    if arguments.all:
        _print(english, _HANDLED, [_row_of_handling(one) for one in ended], ("没有处理记录", "nothing was handled"))


def _print(english: bool, columns: Columns, rows: Sequence[tuple[str, ...]], nothing: tuple[str, str]) -> None:
    if not rows:
        print(nothing[english])
        return
    table = Table(*(names[english] for names in columns))
    for row in rows:
        table.add_row(*(escape(text) for text in row))
    Console().print(table)


def _row(one: Rejected, *, english: bool) -> tuple[str, ...]:
    said = one.rejection
    place = f"{said.origin.topic} {said.origin.partition}:{said.origin.offset}"
    return str(one.id), _moment(said.rejected_at), said.tenant, place, str(_problem_in(said, english=english)["detail"])


def _row_of_handling(one: Handling) -> tuple[str, ...]:
    done = {"retried": "重发 retried", "dropped": "放弃 dropped"}[one.what]
    return str(one.origin.id), _moment(one.at), one.tenant, done, one.by, one.reason


def _show(one: Rejected, *, as_json: bool) -> None:
    """All of it, as it came: what persons said stands there in the clear."""
    if as_json:
        value = None if one.value is None else base64.b64encode(one.value).decode()
        headers = [[name, (text or b"").decode(errors="replace")] for name, text in one.headers]
        print(_line(_told(one) | {"headers": headers, "value_base64": value}))
        return
    problem = _problem_in(one.rejection, english=language() == "en")
    print(f"{one.id}  {one.rejection.problem['type']}\n{problem['title']}: {problem['detail']}")
    for wrong in problem.get("errors", ()):
        print(f"  {wrong['in']} {wrong['field'] or '/'}: {wrong['detail']}")
    for name, text in one.headers:
        print(f"{name}: {(text or b'').decode(errors='replace')}")
    print((one.value or b"").decode(errors="replace"))


def _told(one: Rejected) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(one.rejection)
    return {"id": str(one.id), **said}


def _problem_in(rejection: Rejection, *, english: bool) -> Mapping[str, Any]:
    return {**rejection.problem, **(rejection.problem.get("en", {}) if english else {})}


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _line(said: Mapping[str, Any]) -> str:
    return msgspec.json.encode(said).decode()
