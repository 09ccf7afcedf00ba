"""Why a localisation can't be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.kernel.errors import Refused


@dataclass(eq=False, kw_only=True)
class NothingConfirmed(Refused):
    """`without_lot`: confirmed items that name none."""

    zh: ClassVar[str] = "本调查没有已确认且有批次的投诉项（{without_lot} 项已确认但无批次）"
    en: ClassVar[str] = "No confirmed item of the case names a lot ({without_lot} confirmed without one)"
    without_lot: int
