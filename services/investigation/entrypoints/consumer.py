"""What MES, WMS and others tell by EPCIS: their topic has its place, and its messages are kept until they are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.investigation.entrypoints.http import WRITERS
from shared.adapters.http.edge_errors import EdgeError
from shared.adapters.messages import Message, MessageRule
from shared.kernel.ports import Context

EPCIS_TYPE = "suyuan.epcis.v2"


@dataclass(eq=False, kw_only=True)
class EpcisNotSupportedYet(EdgeError):
    """This build has no EPCIS capture. Rejected, a message loses nothing: a later build takes it when it is retried."""

    status: ClassVar[int] = 501
    zh: ClassVar[str] = (
        "本版本尚不能采集 EPCIS 事件：升级后用 rejected retry 重新提交，或按映射导入（POST /api/v1/trace/import）"
    )
    en: ClassVar[str] = (
        "This build can't capture EPCIS events: send it again after an upgrade (rejected retry), or "
        "import the records by a mapping (POST /api/v1/trace/import)"
    )


def epcis() -> MessageRule:
    async def take(context: Context, message: Message) -> bool:
        del context, message
        raise EpcisNotSupportedYet

    return MessageRule("epcis", EPCIS_TYPE, "EPCIS 2.0 事件 · EPCIS 2.0 events", WRITERS, take)
