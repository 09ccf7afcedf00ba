"""The synthetic factory's exports as a folder to try the import with: files, their mappings, and a page on them."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from deploy.demo.exports import MAPPINGS, Export
from deploy.demo.factory import Plan, write
from services.investigation.domain.facts.kinds import KINDS
from shared.kernel.errors import SuyuanError

_ABOUT = """\
# 合成数据，非真实企业 · Synthetic data of no real company

由 `python -m deploy factory` 生成（seed {seed}，{lots} 个成品批）。导入方法见 docs/mappings.md。
Made by `python -m deploy factory` (seed {seed}, {lots} finished lots). docs/mappings.md tells how to import it.

| 文件 file | 内容 holds | 行数 rows | 映射 mapping |
|---|---|---|---|
{files}
| manifest.json | 以上文件的行数与校验和 · rows and sums of the files above | | |
| truth.json | 植入的原因与不良批（答案，不导入） · planted cause and bad lots: the answer, not to be imported | | |
"""


@dataclass(eq=False, kw_only=True)
class FolderNotEmpty(SuyuanError):
    zh: ClassVar[str] = "文件夹 {folder} 不是空的：不会覆盖任何文件，请另选一个"
    en: ClassVar[str] = "The folder {folder} isn't empty: nothing is written over, name another"
    exit_code: ClassVar[int] = 2
    folder: str


@dataclass(eq=False, kw_only=True)
class FolderUnwritable(SuyuanError):
    """`number` is the system's errno: a full disk has an exit code of its own everywhere."""

    zh: ClassVar[str] = "无法写入 {folder}：{problem}"
    en: ClassVar[str] = "Can't write to {folder}: {problem}"
    folder: str
    problem: str
    number: int

    @property
    def exit_code(self) -> int:
        return 16 if self.number in (errno.ENOSPC, errno.EDQUOT) else 2


def hand_over(plan: Plan, folder: Path) -> tuple[Export, ...]:
    """Fill a folder that is new or empty. Raises FolderNotEmpty, FolderUnwritable."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise FolderNotEmpty(folder=str(folder))
        exports = write(plan, folder)
        (folder / "mappings").mkdir()
        for export in exports:
            shutil.copyfile(MAPPINGS / f"{export.mapping}.json", folder / "mappings" / f"{export.mapping}.json")
        files = "\n".join(map(_line, exports))
        about = _ABOUT.format(seed=plan.seed, lots=plan.lots, files=files)
        (folder / "README.md").write_text(about, encoding="utf-8")
    except OSError as error:
        raise FolderUnwritable(
            folder=str(folder), problem=error.strerror or str(error), number=error.errno or 0
        ) from error
    return exports


def _line(export: Export) -> str:
    kind = KINDS[export.kind]
    return f"| {export.path.name} | {kind.zh} · {kind.en} | {export.rows} | mappings/{export.mapping}.json |"
