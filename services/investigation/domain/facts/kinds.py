"""Every kind of fact the product takes in, and the process nodes that they belong to (domain.md, "Process nodes")."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.investigation.domain.facts.fields import (
    Field,
    Kind,
    choice,
    code,
    count,
    day,
    moment,
    number,
    quantity,
    text,
)

NODES = (
    "supplier_receipt",
    "incoming_inspection",
    "raw_material_storage",
    "material_issue",
    "production",
    "in_process_inspection",
    "assembly_packing",
    "final_inspection",
    "finished_goods_storage",
    "outbound",
    "transport",
    "customer_delivery",
)
"""The default flow's nodes, in order. `production` stands for its operations 1…n; a fact names the operation."""

RESULTS = ("pass", "fail", "concession")
STOCK_STATUSES = ("released", "quarantined", "blocked")
MOVEMENTS = ("receipt", "issue", "transfer", "outbound", "delivery", "return")

_UNIT = code("unit", "单位", "Unit")
_NODE = choice("node", "流程节点", "Process node", NODES)
_NODE_REQUIRED = choice("node", "流程节点", "Process node", NODES, required=True)
_LOT = code("lot", "批次", "Lot", required=True)

_MEASURED: tuple[Field, ...] = (
    code("report", "检验报告号", "Report", required=True),
    _LOT,
    code("product", "产品或物料", "Product or material"),
    code("characteristic", "检验项目", "Characteristic", required=True),
    number("value", "检验值", "Value"),
    _UNIT,
    number("lower_limit", "下限", "Lower limit"),
    number("upper_limit", "上限", "Upper limit"),
    count("sample_size", "样本量", "Sample size"),
    count("defective", "不合格数", "Defective"),
    code("defect", "缺陷代码", "Defect code"),
    choice("result", "判定", "Result", RESULTS),
    code("inspector", "检验员", "Inspector"),
    moment("inspected_at", "检验时间", "Inspected at", required=True),
)


def _inspection(name: str, zh: str, en: str, *, srm: bool = False) -> Kind:
    return Kind(
        name=name,
        zh=zh,
        en=en,
        system="SRM" if srm else "MES",
        fields=_MEASURED,
        key=("report", "characteristic"),
        lot="lot",
        product="product",
        node=name,
        occurred="inspected_at",
    )


SUPPLIER_RECEIPT = Kind(
    name="supplier_receipt",
    zh="供应商来料",
    en="Supplier receipt",
    system="SRM",
    fields=(
        code("receipt", "收货单号", "Receipt", required=True),
        _LOT,
        code("material", "物料", "Material", required=True),
        text("material_name", "物料名称", "Material name"),
        code("supplier", "供应商", "Supplier", required=True),
        text("supplier_name", "供应商名称", "Supplier name"),
        code("supplier_lot", "供应商批号", "Supplier's lot"),
        quantity(),
        _UNIT,
        moment("received_at", "收货时间", "Received at", required=True),
    ),
    key=("receipt",),
    lot="lot",
    product="material",
    node="supplier_receipt",
    occurred="received_at",
)
INCOMING_INSPECTION = _inspection("incoming_inspection", "来料检验", "Incoming inspection", srm=True)
IN_PROCESS_INSPECTION = _inspection("in_process_inspection", "过程检验", "In-process inspection")
FINAL_INSPECTION = _inspection("final_inspection", "成品检验", "Final inspection")

PRODUCTION_ORDER = Kind(
    name="production_order",
    zh="生产订单",
    en="Production order",
    system="MES",
    fields=(
        code("order", "订单号", "Order", required=True),
        _LOT,
        code("product", "产品", "Product", required=True),
        text("product_name", "产品名称", "Product name"),
        code("model", "型号", "Model"),
        text("specification", "规格", "Specification"),
        quantity(),
        _UNIT,
        count("sequence", "产品内生产顺序", "Place in the product's production order"),
        code("line", "生产线", "Line"),
        moment("started_at", "开始时间", "Started at"),
        moment("made_at", "完工时间", "Made at", required=True),
    ),
    key=("order", "lot"),
    lot="lot",
    product="product",
    occurred="made_at",
)
OPERATION = Kind(
    name="operation",
    zh="工序记录",
    en="Operation",
    system="MES",
    fields=(
        _LOT,
        code("order", "订单号", "Order"),
        _NODE_REQUIRED,
        code("operation", "工序", "Operation", required=True),
        count("step", "工序号", "Step", required=True),
        code("equipment", "设备", "Equipment"),
        code("operator", "操作员", "Operator"),
        code("shift", "班次", "Shift"),
        moment("started_at", "开始时间", "Started at", required=True),
        moment("ended_at", "结束时间", "Ended at"),
    ),
    key=("lot", "operation", "step"),
    lot="lot",
    node_field="node",
    occurred="started_at",
)
EQUIPMENT_PARAMETER = Kind(
    name="equipment_parameter",
    zh="设备参数",
    en="Equipment parameter",
    system="MES",
    fields=(
        code("equipment", "设备", "Equipment", required=True),
        code("parameter", "参数", "Parameter", required=True),
        number("value", "值", "Value", required=True),
        _UNIT,
        number("lower_limit", "下限", "Lower limit"),
        number("upper_limit", "上限", "Upper limit"),
        code("lot", "批次", "Lot"),
        _NODE,
        moment("measured_at", "采集时间", "Measured at", required=True),
    ),
    key=("equipment", "parameter", "measured_at", "lot"),
    lot="lot",
    node="production",
    node_field="node",
    occurred="measured_at",
)
QUALIFICATION = Kind(
    name="qualification",
    zh="人员资质",
    en="Qualification",
    system="MES",
    fields=(
        code("operator", "操作员", "Operator", required=True),
        code("operation", "工序", "Operation", required=True),
        _NODE,
        code("certificate", "证书号", "Certificate"),
        day("valid_from", "生效日期", "Valid from", required=True),
        day("valid_to", "失效日期", "Valid to", may_be_future=True),
    ),
    key=("operator", "operation", "valid_from"),
    node_field="node",
    occurred="valid_from",
)
GENEALOGY = Kind(
    name="genealogy",
    zh="批次谱系",
    en="Genealogy",
    system="MES",
    fields=(
        code("input_lot", "投入批次", "Input lot", required=True),
        code("output_lot", "产出批次", "Output lot", required=True),
        code("input_material", "投入物料", "Input material"),
        code("output_material", "产出物料", "Output material"),
        code("order", "订单号", "Order"),
        quantity(required=False),
        _UNIT,
        _NODE,
        moment("at", "投料时间", "Consumed at", required=True),
    ),
    key=("input_lot", "output_lot", "at"),
    lot="output_lot",
    product="output_material",
    node="material_issue",
    node_field="node",
    occurred="at",
)
STOCK = Kind(
    name="stock",
    zh="库存",
    en="Stock",
    system="WMS",
    fields=(
        _LOT,
        code("location", "库位", "Location", required=True),
        code("product", "产品或物料", "Product or material"),
        quantity(),
        _UNIT,
        choice("status", "库存状态", "Status", STOCK_STATUSES),
        _NODE,
        moment("counted_at", "盘点时间", "Counted at", required=True),
    ),
    key=("lot", "location", "counted_at"),
    lot="lot",
    product="product",
    node="finished_goods_storage",
    node_field="node",
    occurred="counted_at",
)
MOVEMENT = Kind(
    name="movement",
    zh="库存移动",
    en="Movement",
    system="WMS",
    fields=(
        code("movement", "移动单号", "Movement", required=True),
        _LOT,
        choice("type", "移动类型", "Type", MOVEMENTS, required=True),
        code("from_location", "从库位", "From"),
        code("to_location", "到库位", "To"),
        quantity(),
        _UNIT,
        _NODE,
        moment("moved_at", "移动时间", "Moved at", required=True),
    ),
    key=("movement",),
    lot="lot",
    node_field="node",
    occurred="moved_at",
)
SHIPMENT = Kind(
    name="shipment",
    zh="发货",
    en="Shipment",
    system="WMS",
    fields=(
        code("shipment", "发货单号", "Shipment", required=True),
        _LOT,
        code("product", "产品", "Product"),
        code("customer", "客户", "Customer", required=True),
        text("customer_name", "客户名称", "Customer name"),
        code("region", "地区", "Region"),
        code("carrier", "承运商", "Carrier"),
        quantity(),
        _UNIT,
        moment("shipped_at", "发货时间", "Shipped at", required=True),
        moment("delivered_at", "签收时间", "Delivered at"),
    ),
    key=("shipment", "lot"),
    lot="lot",
    product="product",
    node="outbound",
    occurred="shipped_at",
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            SUPPLIER_RECEIPT,
            INCOMING_INSPECTION,
            PRODUCTION_ORDER,
            OPERATION,
            EQUIPMENT_PARAMETER,
            QUALIFICATION,
            IN_PROCESS_INSPECTION,
            FINAL_INSPECTION,
            GENEALOGY,
            STOCK,
            MOVEMENT,
            SHIPMENT,
        )
    }
)
