"""What the gateway asks the services itself: how each is, and its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec

from deploy.gateway.connection import Broken
from deploy.gateway.errors import ServiceAway
from deploy.gateway.proxy import Proxy
from shared.adapters import metrics
from shared.adapters.http.operation import HEALTH_SECONDS

GATEWAY = "gateway"
_UP = "suyuan_up"
_UNANSWERED = (ServiceAway, Broken, TimeoutError)


class Upstream:
    """One service process, as `/health/ready` asks it (the `Probed` protocol of the HTTP edge)."""

    def __init__(self, name: str, proxy: Proxy) -> None:
        self.name = name
        self._proxy = proxy

    async def health(self) -> Mapping[str, str]:
        """Its own checks, by the names that it gives them."""
        try:
            status, body = await self._proxy.ask(self.name, "/health/ready", HEALTH_SECONDS)
        except _UNANSWERED:
            return {"process": "no answer"}
        try:
            checks = msgspec.json.decode(body, type=_Ready).checks
        except msgspec.DecodeError:
            return {"process": f"answers {status} without its checks"}
        return {name.removeprefix(f"{self.name}."): state for name, state in checks.items()}

    async def exposition(self) -> str | None:
        """Its metrics; None while it doesn't answer."""
        try:
            status, body = await self._proxy.ask(self.name, "/metrics", HEALTH_SECONDS)
        except _UNANSWERED:
            return None
        return body.decode() if status == HTTPStatus.OK else None


class _Ready(msgspec.Struct):
    checks: dict[str, str]


async def expositions(upstreams: Sequence[Upstream]) -> bytes:
    """The metrics of all processes, the gateway's too, in one; `suyuan_up` says who answered."""
    told = await asyncio.gather(*(each.exposition() for each in upstreams))
    texts = {each.name: text for each, text in zip(upstreams, told, strict=True)}
    up = [f"# HELP {_UP} Whether the process answers the gateway", f"# TYPE {_UP} gauge"]
    up += [f'{_UP}{{process="{name}"}} {0 if text is None else 1}' for name, text in texts.items()]
    there = {name: text for name, text in texts.items() if text is not None}
    own = metrics.exposition().decode()
    return ("\n".join(up) + "\n" + merged({**there, GATEWAY: own})).encode()


def merged(texts: Mapping[str, str]) -> str:
    """Expositions (text format 0.0.4) of several processes as one: each sample gets the label `process`.

    A family stands once, all its samples below it: Prometheus refuses one that comes twice.
    """
    heads: dict[str, dict[str, str]] = {}
    samples: dict[str, list[str]] = {}
    for process, text in texts.items():
        family = ""
        for line in text.splitlines():
            if line.startswith(("# HELP ", "# TYPE ")):
                _, kind, family, _ = line.split(" ", 3)
                heads.setdefault(family, {}).setdefault(kind, line)
            elif line and not line.startswith("#"):
                samples.setdefault(family, []).append(_labelled(line, process))
    lines = [line for family, head in heads.items() for line in (*head.values(), *samples.get(family, ()))]
    return "\n".join(lines) + "\n"


def _labelled(sample: str, process: str) -> str:
    name, brace, rest = sample.partition("{")
    if brace:
        return f'{name}{{process="{process}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{process="{process}"}} {value}'
