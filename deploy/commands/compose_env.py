"""Make the env file of docker-compose.yml."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

from deploy.cli import USAGE_EXIT, Arguments
from deploy.docker.secrets import EnvFileExists, written

FILE = Path(".env")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, default=FILE, help="写到哪里（默认 .env） · where to (default .env)")
    parser.add_argument(
        "--keys-of",
        type=Path,
        metavar="FOLDER",
        help="用该数据文件夹的密钥 · with the keys of a folder to move",
    )


def run(arguments: Arguments) -> int:
    """Refuses where the file is there: whoever lost its keys lost what they seal."""
    try:
        written(arguments.file, None if arguments.keys_of is None else _keys(arguments.keys_of))
    except EnvFileExists:
        print(
            f"{arguments.file} 已存在，不会覆盖：其中的密钥无可替代 · "
            f"is there already and is not written over: its keys can't be replaced",
            file=sys.stderr,
        )
        return USAGE_EXIT
    print(f"已写入 {arguments.file}，请备份 · written: back it up. docker compose up --build --detach --wait")
    return 0


def _keys(folder: Path) -> Mapping[str, bytes]:
    from deploy.moving.targets import keys_of  # noqa: PLC0415 - a second of loading that few env files need

    keys = keys_of(folder)
    return {"SUYUAN_MASTER_KEY": keys.master, "SUYUAN_HEADS_KEY": keys.heads, "SUYUAN_EDGE_SECRET": keys.edge}
