"""Evidence as a client cites it: of its own tenant always, shaped as its kind needs, and there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.adapters.http.body import Body
from shared.contracts.evidence import EvidenceRef
from shared.kernel.errors import Invalid
from shared.kernel.ports import Blobs, EventLog

_NEEDS = {"event": ("service", "position"), "fact": ("batch", "row"), "blob": ()}
_ALL = ("service", "position", "batch", "row")


class EvidenceBody(Body):
    """An event (service, position), a fact (batch, row) or a blob; `sha256` in lower-case hex.

    `tenant` is what answers have beside it: what was served may be cited as it stands.
    """

    kind: Literal["event", "fact", "blob"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    service: Literal["intake", "investigation", "capa", "analytics"] | None = None
    position: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None
    batch: Annotated[UUID, Field(strict=False)] | None = None
    row: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    tenant: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        needs = _NEEDS[self.kind]
        if any((getattr(self, name) is not None) != (name in needs) for name in _ALL):
            zh = f"{self.kind} 类证据需要且只需要：{'、'.join(needs) or '无其他字段'}"
            en = f"evidence of kind {self.kind} takes exactly: {', '.join(needs) or 'nothing more'}"
            raise PydanticCustomError("evidence_shape", "wrong fields for its kind", {"zh": zh, "en": en})
        return self

    def ref(self, tenant: str) -> EvidenceRef:
        """Of the caller's own tenant: what is another's can't be cited. Raises EvidenceUnknown."""
        if self.tenant not in (None, tenant):
            raise EvidenceUnknown(kind=self.kind, sha256=self.sha256)
        return EvidenceRef(**self.model_dump() | {"tenant": tenant})


Evidence = Annotated[tuple[EvidenceBody, ...], Field(max_length=200, strict=False)]


def refs(evidence: tuple[EvidenceBody, ...], tenant: str) -> tuple[EvidenceRef, ...]:
    return tuple(one.ref(tenant) for one in evidence)


PATIENCE_SECONDS = 2.0
"""What was just recorded elsewhere may be cited at once: its event is on its way."""

FactsThere = Callable[[str, Sequence[EvidenceRef]], Awaitable[Collection[EvidenceRef]]]
"""(tenant, citations of facts) → those of them that there are, as far as this service can tell."""


@dataclass(eq=False, kw_only=True)
class EvidenceUnknown(Invalid):
    """Nothing of that kind with that sum is in this tenant: never was, or is another's."""

    zh: ClassVar[str] = "找不到所引证据（{kind}，{sha256}）"
    en: ClassVar[str] = "There is no such evidence ({kind}, {sha256})"
    words: ClassVar[frozenset[str]] = frozenset({"kind"})
    field: ClassVar[str | None] = "evidence"
    kind: str
    sha256: str


class Citable:
    """What a service can hold a citation against: the tenant's blobs, the logs that it follows, what it knows of facts.

    No service asks another's database: docs/decisions/0014-evidence-cited-across-services.md.
    """

    def __init__(self, blobs: Blobs, logs: Callable[[], Mapping[str, EventLog]], facts: FactsThere) -> None:
        self._blobs = blobs
        self._logs = logs
        self._facts = facts

    async def refs(self, evidence: tuple[EvidenceBody, ...], tenant: str) -> tuple[EvidenceRef, ...]:
        """Each as the contract has it. Raises EvidenceUnknown; what this service can't see it takes as it is."""
        cited = refs(evidence, tenant)
        facts = [ref for ref in cited if ref.kind == "fact"]
        known = await self._facts(tenant, facts) if facts else ()
        for ref in cited:
            if not await self._is_there(ref, known):
                raise EvidenceUnknown(kind=ref.kind, sha256=ref.sha256)
        return cited

    async def _is_there(self, ref: EvidenceRef, facts: Collection[EvidenceRef]) -> bool:
        if ref.kind == "blob":
            return await self._blobs.exists(ref.tenant, ref.sha256)
        if ref.kind == "fact":
            return ref in facts
        log = self._logs().get(ref.service or "")
        if log is None or ref.position is None:
            return True
        if not await log.reached(ref.tenant, ref.position, PATIENCE_SECONDS):
            return False
        found = await log.read(ref.tenant, ref.position - 1, 1)
        return bool(found) and found[0].hash.hex() == ref.sha256
