"""Why a move doesn't begin, or isn't one: one class, one sentence and one exit code each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from shared.kernel.errors import SuyuanError


class MoveRefused(SuyuanError):
    """Nothing was copied that stays; `exit_code` is what the command ends with."""

    exit_code: ClassVar[int] = 2


@dataclass(eq=False, kw_only=True)
class NothingToMove(MoveRefused):
    zh: ClassVar[str] = "{missing} 不存在：{folder} 不是启动过的数据文件夹"
    en: ClassVar[str] = "There is no {missing}: {folder} is no data folder that was ever served"
    folder: Path
    missing: Path


@dataclass(eq=False, kw_only=True)
class TargetUnclear(MoveRefused):
    zh: ClassVar[str] = "{service} 的目标设置不可用（{source}）：{problem}"
    en: ClassVar[str] = "The settings of the target's {service} can't be used ({source}): {problem}"
    service: str
    source: str
    problem: str


@dataclass(eq=False, kw_only=True)
class TargetNotEmpty(MoveRefused):
    """It isn't what a move of this very folder would have left there either."""

    exit_code: ClassVar[int] = 45
    zh: ClassVar[str] = "{service} 的目标 {where} 不为空，也不是本文件夹的完整副本：只能迁入空的目标"
    en: ClassVar[str] = (
        "The target of {service}, {where}, isn't empty and no whole copy of this folder either: "
        "data are moved into an empty one"
    )
    service: str
    where: str


@dataclass(eq=False, kw_only=True)
class TargetAway(MoveRefused):
    exit_code: ClassVar[int] = 46
    zh: ClassVar[str] = "无法以{role}连接 {service} 的目标数据库（{where}）：{problem}"
    en: ClassVar[str] = "The target database of {service} ({where}) can't be reached as its {role}: {problem}"
    service: str
    where: str
    role: str
    problem: str


@dataclass(eq=False, kw_only=True)
class KeyOther(MoveRefused):
    """The keys come with the data: what they sealed, signed and fingerprinted is no use under others."""

    exit_code: ClassVar[int] = 47
    zh: ClassVar[str] = (
        "{service} 的目标密钥 {setting} 与 {file} 不同：请把 {setting}_FILE 指向该文件的副本；"
        "若用 .env，请以 compose-env --keys-of {folder} 生成，或把 {setting} 设为该文件的 base64"
    )
    en: ClassVar[str] = (
        "The target's {setting} of {service} isn't the key in {file}: let {setting}_FILE name a copy of that file; "
        "in an .env file set {setting} to its base64, or make the file by compose-env --keys-of {folder}"
    )
    service: str
    setting: str
    file: Path
    folder: Path


@dataclass(eq=False, kw_only=True)
class CopyDiffers(MoveRefused):
    """Never seen; whoever sees it doesn't serve what came out."""

    exit_code: ClassVar[int] = 48
    zh: ClassVar[str] = "{service} 的副本与来源不同：{part}。请清空目标后重试"
    en: ClassVar[str] = "The copy of {service} isn't its source: {part}. Empty the target and try again"
    service: str
    part: str
