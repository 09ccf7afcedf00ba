"""The customer found again, by keyed hashes of phone and email that go when the person is erased."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.intake.application.ports import Lookups
from shared.contracts.intake.complaint import Customer
from shared.kernel.errors import KeyOwnerErased
from shared.kernel.ports import Lookup, SubjectKeys


class Customers:
    def __init__(self, lookups: Lookups, keys: SubjectKeys) -> None:
        self._lookups = lookups
        self._keys = keys

    def lookup(self, tenant: str, kind: str, value: str, owner: UUID) -> Lookup:
        return Lookup(self._lookups.lookup(tenant, kind, normalised(kind, value)), owner)

    def lookups_of(self, tenant: str, customer: Customer, owner: UUID) -> list[Lookup]:
        contacts = (("phone", customer.phone), ("email", customer.email))
        return [self.lookup(tenant, kind, value, owner) for kind, value in contacts if value]

    async def known(self, tenant: str, lookups: Sequence[Lookup]) -> UUID | None:
        """Whose these contacts are; the phone counts before the email."""
        if not lookups:
            return None
        found = await self._keys.find(tenant, [one.digest for one in lookups])
        return next((found[one.digest] for one in lookups if one.digest in found), None)

    async def refuse_erased(self, tenant: str, subject_id: UUID) -> None:
        """Raises KeyOwnerErased."""
        if (await self._keys.wrapped(tenant, [subject_id])).get(subject_id, b"") is None:
            raise KeyOwnerErased(owner=str(subject_id))


def normalised(kind: str, value: str) -> str:
    """The same phone or address written differently is the same: no spaces or dashes, small letters."""
    if kind == "phone":
        return "".join(c for c in value if c.isdigit() or c == "+")
    return value.strip().casefold()
