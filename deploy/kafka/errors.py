"""Why a local Kafka does not run: one class, one sentence and one exit code each.

EmbeddedError
├── KafkaToolsMissing     34   no Java 17 or newer, or no Maven to fetch Kafka with
├── KafkaNotFetched       35   Maven could not download it
├── KafkaFolderMismatch   36   the folder holds a cluster of another size, or half of one
└── KafkaStartFailed      37   a broker ended, or was not ready in time: its last words
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from deploy.embedded.errors import EmbeddedError


@dataclass(eq=False, kw_only=True)
class KafkaToolsMissing(EmbeddedError):
    exit_code: ClassVar[int] = 34
    zh: ClassVar[str] = (
        "本机 Kafka 需要 Java {needed} 或更高版本以及 Maven（现有：Java {java}，Maven {maven}）："
        "请安装，Debian 上为 openjdk-{needed}-jre-headless 和 maven 包"
    )
    en: ClassVar[str] = (
        "A local Kafka needs Java {needed} or newer and Maven (found: Java {java}, Maven {maven}): "
        "install them, on Debian the packages openjdk-{needed}-jre-headless and maven"
    )
    needed: int
    java: str
    maven: str


@dataclass(eq=False, kw_only=True)
class KafkaNotFetched(EmbeddedError):
    exit_code: ClassVar[int] = 35
    zh: ClassVar[str] = "Maven 无法下载 Kafka：请检查网络或 Maven 的镜像设置。它最后的输出：\n{last_lines}"
    en: ClassVar[str] = (
        "Maven could not download Kafka: check the network or Maven's mirror setting. Its last words:\n{last_lines}"
    )
    last_lines: str


@dataclass(eq=False, kw_only=True)
class KafkaFolderMismatch(EmbeddedError):
    exit_code: ClassVar[int] = 36
    zh: ClassVar[str] = "文件夹 {folder} 中的 Kafka 有 {found} 个完好的节点，要求 {asked} 个：请换一个文件夹"
    en: ClassVar[str] = "The Kafka in {folder} has {found} sound nodes and {asked} are asked for: choose another folder"
    folder: Path
    found: int
    asked: int


@dataclass(eq=False, kw_only=True)
class KafkaStartFailed(EmbeddedError):
    exit_code: ClassVar[int] = 37
    zh: ClassVar[str] = "{folder} 上的 Kafka 无法启动（{problem}）。它最后的日志：\n{last_lines}"
    en: ClassVar[str] = "The Kafka in {folder} does not start ({problem}). Its last words:\n{last_lines}"
    folder: Path
    problem: str
    last_lines: str
