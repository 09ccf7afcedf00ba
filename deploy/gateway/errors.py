"""What the gateway itself answers when the service behind it doesn't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shared.adapters.http.edge_errors import EdgeError


@dataclass(eq=False, kw_only=True)
class _TryAgain(EdgeError):
    status: ClassVar[int] = 503
    service: str

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


@dataclass(eq=False, kw_only=True)
class ServiceAway(_TryAgain):
    """Nothing was done: the request did not reach it."""

    zh: ClassVar[str] = "服务 {service} 暂时无法访问：请求未被处理，请稍后重试"
    en: ClassVar[str] = "The service {service} can't be reached just now: nothing was done, try again shortly"


@dataclass(eq=False, kw_only=True)
class ServiceSilent(_TryAgain):
    """The request reached it and no answer came back: whether it was done is not known."""

    zh: ClassVar[str] = "服务 {service} 没有答复：结果未知，请用相同的 Idempotency-Key 重试"
    en: ClassVar[str] = "The service {service} did not answer: outcome unknown, retry with the same Idempotency-Key"
