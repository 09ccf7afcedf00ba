"""Why a localisation can't be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.kernel.errors import Invalid, Refused


@dataclass(eq=False, kw_only=True)
class NothingConfirmed(Refused):
    """`without_lot`: confirmed items that name none."""

    zh: ClassVar[str] = "本调查没有已确认且有批次的投诉项（{without_lot} 项已确认但无批次）"
    en: ClassVar[str] = "No confirmed item of the case names a lot ({without_lot} confirmed without one)"
    without_lot: int


@dataclass(eq=False, kw_only=True)
class LotsUnknown(Invalid):
    """A slip of the pen among the bad lots would count as a bad item without a lot. `lots`: the first of `count`."""

    field: ClassVar[str | None] = "bad_lots"
    zh: ClassVar[str] = "{count} 个批次在所问产品的生产记录中不存在：{lots}"
    en: ClassVar[str] = "{count} lot(s) are in no production record of these products: {lots}"
    count: int
    lots: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class ProductsUnknown(Invalid):
    field: ClassVar[str | None] = "products"
    zh: ClassVar[str] = "没有任何生产记录的产品：{products}"
    en: ClassVar[str] = "Products without any production record: {products}"
    products: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class CharacteristicUnknown(Invalid):
    """`known`: what final inspection looked at, in these products."""

    field: ClassVar[str | None] = "characteristic"
    zh: ClassVar[str] = "成品检验中没有项目「{characteristic}」，有：{known}"
    en: ClassVar[str] = "Final inspection has no characteristic {characteristic}; it has {known}"
    characteristic: str
    known: tuple[str, ...]
