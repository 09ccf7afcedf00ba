"""The command line: one table of commands, each in a module of its own that is loaded when it is asked for."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import locale
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from deploy.outcomes import outcome

Arguments = argparse.Namespace

USAGE_EXIT = 2
INTERRUPTED_EXIT = 128 + signal.SIGINT
PIPE_EXIT = 128 + signal.SIGPIPE
TERMINATED_EXIT = 128 + signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Command:
    """`module` has `add_arguments(parser)` and `run(arguments) -> exit code or None`."""

    name: str
    module: str
    zh: str
    en: str


COMMANDS = (
    Command("run", "deploy.commands.run", "启动整个系统（内嵌数据库）", "start the whole system, embedded"),
    Command("serve", "deploy.commands.serve", "启动一个服务（分布式）", "serve one service, distributed"),
    Command("gateway", "deploy.commands.gateway", "启动四个服务之前的网关", "serve one port before the four services"),
    Command("token", "deploy.commands.token", "签发本机开发令牌", "issue a local development token"),
    Command("demo", "deploy.commands.demo", "演示一个投诉的全过程", "tell the story of a complaint"),
    Command("factory", "deploy.commands.factory", "写出合成工厂的导出文件", "write the synthetic factory's exports"),
    Command(
        "verify", "deploy.commands.verify", "重算哈希链并核对签名与事实", "recompute chains, check heads and facts"
    ),
    Command("replay", "deploy.commands.replay", "按时间重放一个案件的历史", "replay a case's history for a person"),
    Command("rebuild", "deploy.commands.rebuild", "蓝绿重建读模型", "rebuild a read model beside the live one"),
    Command("parked", "deploy.commands.parked", "列出或重放搁置的流", "list or replay parked streams"),
    Command(
        "rejected",
        "deploy.commands.rejected",
        "处理拒收的外来消息",
        "list, send again or drop messages that weren't taken",
    ),
    Command(
        "topics", "deploy.commands.topics", "核对、建立、取回、重发主题", "compare, make, import from, republish topics"
    ),
    Command("schemas", "deploy.commands.schemas", "生成事件的 JSON Schema", "generate the events' JSON Schemas"),
    Command("openapi", "deploy.commands.openapi", "生成 OpenAPI 文档", "generate the OpenAPI document"),
    Command("asyncapi", "deploy.commands.asyncapi", "生成 AsyncAPI 文档", "generate the AsyncAPI document"),
    Command("nginx", "deploy.commands.nginx", "生成网关的 nginx 配置", "generate the gateway's nginx configuration"),
    Command("compose-env", "deploy.commands.compose_env", "生成 compose 的密钥文件", "make the compose file's secrets"),
    Command(
        "migrate-to",
        "deploy.commands.migrate_to",
        "把数据文件夹迁入分布式系统",
        "move a data folder into a distributed system",
    ),
    Command("chaos", "deploy.commands.chaos", "随机杀进程并核对不变量", "kill at random and check every invariant"),
)


def language() -> str:
    """What a person at this terminal reads: zh-CN, or en where the locale says so."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    found = told or (locale.getlocale()[0] or "")
    return "en" if found.startswith("en") else "zh-CN"


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. What can go wrong on purpose is one sentence and a code, never a traceback."""
    words = list(sys.argv[1:] if words is None else words)
    chosen = next((c for c in COMMANDS if words and c.name == words[0]), None)
    if chosen is None:
        _print_commands()
        return 0 if words in ([], ["-h"], ["--help"]) else USAGE_EXIT
    module = importlib.import_module(chosen.module)
    parser = argparse.ArgumentParser(prog=f"python -m deploy {chosen.name}", description=f"{chosen.zh} · {chosen.en}")
    module.add_arguments(parser)
    return _ended(module.run, parser.parse_args(words[1:]))


def _ended(run: Callable[[Arguments], int | None], arguments: Arguments) -> int:
    """What a command ends with, whatever happens in it."""
    try:
        code = run(arguments) or 0
        sys.stdout.flush()
    except ValidationError as error:
        print("设置有误 · settings are wrong:", error, file=sys.stderr)
        return USAGE_EXIT
    except KeyboardInterrupt:
        return INTERRUPTED_EXIT
    except asyncio.CancelledError:  # asked to end: attach.py cancels what it waits for
        return TERMINATED_EXIT
    except BrokenPipeError:  # whoever read us has seen enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_EXIT
    except Exception as error:
        told = outcome(error)
        if told is None:
            raise
        print(told.text(language()), file=sys.stderr)
        return told.exit_code
    return code


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The data folder, for the commands that work on one."""
    parser.add_argument(
        "--data-dir", type=Path, default=None, help="数据文件夹（默认 .suyuan） · the data folder (default .suyuan)"
    )


def _print_commands() -> None:
    width = max(len(c.name) for c in COMMANDS)
    print("python -m deploy <命令 command> [--help]\n")
    for command in COMMANDS:
        print(f"  {command.name:<{width}}  {command.zh} · {command.en}")
