"""Evidence as a client cites it: of its own tenant always, and shaped as its kind needs."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.adapters.http.body import Body
from shared.contracts.evidence import EvidenceRef

_NEEDS = {"event": ("service", "position"), "fact": ("batch", "row"), "blob": ()}
_ALL = ("service", "position", "batch", "row")


class EvidenceBody(Body):
    """An event (service, position), a fact (batch, row) or a blob; `sha256` in lower-case hex."""

    kind: Literal["event", "fact", "blob"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    service: Literal["intake", "investigation", "capa", "analytics"] | None = None
    position: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None
    batch: Annotated[UUID, Field(strict=False)] | None = None
    row: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        needs = _NEEDS[self.kind]
        if any((getattr(self, name) is not None) != (name in needs) for name in _ALL):
            zh = f"{self.kind} 类证据需要且只需要：{'、'.join(needs) or '无其他字段'}"
            en = f"evidence of kind {self.kind} takes exactly: {', '.join(needs) or 'nothing more'}"
            raise PydanticCustomError("evidence_shape", "wrong fields for its kind", {"zh": zh, "en": en})
        return self

    def ref(self, tenant: str) -> EvidenceRef:
        """The tenant is the caller's own: nobody can cite what is another's."""
        return EvidenceRef(tenant=tenant, **self.model_dump())


Evidence = Annotated[tuple[EvidenceBody, ...], Field(max_length=200, strict=False)]


def refs(evidence: tuple[EvidenceBody, ...], tenant: str) -> tuple[EvidenceRef, ...]:
    return tuple(one.ref(tenant) for one in evidence)
