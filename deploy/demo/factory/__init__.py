"""A synthetic manufacturer: pure functions of a plan (seed and size), the same bytes on every machine.

Nothing here is real: every record carries the source system SYN-MES, SYN-WMS or SYN-SRM.
"""

from deploy.demo.factory.export import mapping_name, rows, write
from deploy.demo.factory.lots import FinishedLot, history
from deploy.demo.factory.plan import CAUSES, SMALL, Cause, Plan
from deploy.demo.factory.rows import COLUMNS, Row
from deploy.demo.factory.truth import Planted, Truth, truth

__all__ = [
    "CAUSES",
    "COLUMNS",
    "SMALL",
    "Cause",
    "FinishedLot",
    "Plan",
    "Planted",
    "Row",
    "Truth",
    "history",
    "mapping_name",
    "rows",
    "truth",
    "write",
]
