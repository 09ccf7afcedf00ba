"""The synthetic manufacturer: electric pressure cookers whose silicone seal is compounded and cured in the house.

Invented from end to end; no such company, supplier or dealer exists.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    code: str
    zh: str
    en: str
    model: str


@dataclass(frozen=True, slots=True)
class Supplier:
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Material:
    """`uses` is how many production lots one receipt lasts for; `test` its incoming test (name, unit, low, high)."""

    code: str
    zh: str
    en: str
    unit: str
    per_lot: int
    uses: int
    suppliers: tuple[Supplier, ...]
    test: tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Dealer:
    code: str
    zh: str
    region: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`hours` is when it starts, relative to the start of the finished lot's assembly."""

    code: str
    zh: str
    node: str
    step: int
    equipment: str
    hours: int


PRODUCTS = (
    Product("SYN-PC30", "电压力锅 3 L", "Pressure cooker 3 l", "PC30-A"),
    Product("SYN-PC50", "电压力锅 5 L", "Pressure cooker 5 l", "PC50-A"),
    Product("SYN-PC60", "电压力锅 6 L", "Pressure cooker 6 l", "PC60-B"),
    Product("SYN-PC80", "电压力锅 8 L 商用", "Pressure cooker 8 l, catering", "PC80-P"),
)

_POLYMER = (
    Supplier("SYN-S01", "合成示例硅材甲厂", "Synthetic Silicones A"),
    Supplier("SYN-S02", "合成示例硅材乙厂", "Synthetic Silicones B"),
)
_CHEMISTRY = (
    Supplier("SYN-S03", "合成示例助剂厂", "Synthetic Additives"),
    Supplier("SYN-S04", "合成示例化工厂", "Synthetic Chemicals"),
)
_METAL = (
    Supplier("SYN-S05", "合成示例金属制品厂", "Synthetic Metalware"),
    Supplier("SYN-S06", "合成示例冲压厂", "Synthetic Stampings"),
)
_ELECTRIC = (
    Supplier("SYN-S07", "合成示例电器厂", "Synthetic Electrics"),
    Supplier("SYN-S08", "合成示例电子厂", "Synthetic Electronics"),
)
_PAPER = (
    Supplier("SYN-S09", "合成示例纸箱厂", "Synthetic Cartons"),
    Supplier("SYN-S10", "合成示例包装厂", "Synthetic Packaging"),
)

SILICONE = Material(
    "SIL", "硅橡胶生胶", "Silicone rubber base", "kg", 120, 5, _POLYMER, ("volatile_content", "mg/g", 0, 8)
)
AGENT = Material("CUR", "硫化剂", "Curing agent", "kg", 4, 7, _CHEMISTRY, ("peroxide_content", "%", 40, 60))
POT = Material("POT", "铝合金内锅", "Aluminium inner pot", "pcs", 400, 23, _METAL, ("wall_thickness", "mm", 2, 4))
PLATE = Material("HTR", "加热盘", "Heating plate", "pcs", 400, 31, _ELECTRIC, ("resistance", "Ohm", 48, 56))
BOARD = Material("PCB", "控制板", "Control board", "pcs", 400, 19, _ELECTRIC, ("standby_current", "mA", 5, 30))
CARTON = Material("CTN", "彩箱", "Carton", "pcs", 400, 41, _PAPER, ("edge_crush", "N/cm", 60, 90))
PARTS = (POT, PLATE, BOARD, CARTON)

DEALERS = (
    Dealer("SYN-D01", "合成示例经销商·沪东", "华东"),
    Dealer("SYN-D02", "合成示例经销商·杭甬", "华东"),
    Dealer("SYN-D03", "合成示例经销商·穗深", "华南"),
    Dealer("SYN-D04", "合成示例经销商·南宁", "华南"),
    Dealer("SYN-D05", "合成示例经销商·京津", "华北"),
    Dealer("SYN-D06", "合成示例经销商·川渝", "西南"),
    Dealer("SYN-D07", "合成示例经销商·武汉", "华中"),
    Dealer("SYN-D08", "合成示例经销商·西安", "西北"),
)
CARRIERS = ("SYN-C01", "SYN-C02", "SYN-C03")

COMPOUNDING = Operation("compounding", "混炼", "production", 10, "MIX", -20)
CURING = Operation("curing", "硫化成型", "production", 20, "PRS", -6)
ASSEMBLY = Operation("assembly", "总装", "assembly_packing", 30, "ASM", 0)
PACKING = Operation("packing", "包装", "assembly_packing", 40, "PCK", 5)
FINAL_TEST = Operation("final_test", "成品测试", "final_inspection", 50, "TST", 7)
OPERATIONS = (COMPOUNDING, CURING, ASSEMBLY, PACKING, FINAL_TEST)
CREW = 3  # people qualified for each operation of a line
