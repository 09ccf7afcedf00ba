"""One row of an export, and the columns of each file, as three differing systems name them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

MES, WMS, SRM = "SYN-MES", "SYN-WMS", "SYN-SRM"


class Row(NamedTuple):
    """`values` stand in the order of COLUMNS[kind]."""

    kind: str
    values: tuple[str, ...]


_TESTED = "source_system report_no batch_no product_code item value unit lsl usl sample defective verdict inspector ts"

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        kind: tuple(names.split())
        for kind, names in {
            "supplier_receipt": (
                "来源系统 收货单号 批次号 物料编码 物料名称 供应商编码 供应商名称 供应商批号 数量 单位 收货时间"
            ),
            "incoming_inspection": (
                "来源系统 报告号 批次号 物料编码 检验项目 检验值 单位 下限 上限 判定 检验员 检验时间"
            ),
            "production_order": (
                "source_system order_no batch_no product_code product_name model qty seq line started_at finished_at"
            ),
            "operation": "source_system batch_no order_no node op step equipment operator shift started_at finished_at",
            "equipment_parameter": "source_system equipment param value unit lsl usl batch_no ts",
            "qualification": "source_system operator op node cert_no valid_from valid_to",
            "in_process_inspection": _TESTED,
            "final_inspection": _TESTED,
            "genealogy": (
                "source_system parent_batch child_batch parent_item child_item order_no qty unit node consumed_at"
            ),
            "stock": "SOURCE BATCH LOCATION ITEM QTY UOM STATUS NODE COUNTED",
            "movement": "SOURCE MOVE_NO BATCH TYPE FROM TO QTY UOM NODE MOVED",
            "shipment": "SOURCE SHIP_NO BATCH ITEM CUSTOMER CUSTOMER_NAME REGION CARRIER QTY UOM SHIPPED DELIVERED",
        }.items()
    }
)


def second(at: datetime) -> str:
    """As the MES writes it."""
    return at.isoformat(" ")


def minute(at: datetime) -> str:
    """As the WMS writes it."""
    return at.isoformat(" ", "minutes")


def slashed(at: datetime) -> str:
    """As the SRM writes it."""
    return f"{at.year}/{at.month:02d}/{at.day:02d} {at.hour:02d}:{at.minute:02d}"
