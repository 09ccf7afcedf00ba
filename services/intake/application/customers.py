"""The customer found again, by keyed hashes of phone and email that go when the person is erased."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import phonenumbers

from services.intake.application.ports import Lookups
from shared.contracts.intake.complaint import Customer
from shared.kernel.errors import KeyOwnerErased
from shared.kernel.ports import Lookup, SubjectKeys


class Customers:
    """`phone_region`: whose numbers are meant where one is written without its country."""

    def __init__(self, lookups: Lookups, keys: SubjectKeys, phone_region: str) -> None:
        self._lookups = lookups
        self._phone_region = phone_region
        self._keys = keys

    def lookup(self, tenant: str, kind: str, value: str, owner: UUID) -> Lookup:
        return Lookup(self._lookups.lookup(tenant, kind, normalised(kind, value, self._phone_region)), owner)

    def lookups_of(self, tenant: str, customer: Customer, owner: UUID) -> list[Lookup]:
        """What says nothing (a phone of dashes, taken over from elsewhere) finds nobody, and never somebody else."""
        contacts = (("phone", customer.phone), ("email", customer.email))
        return [
            self.lookup(tenant, kind, value, owner)
            for kind, value in contacts
            if value and normalised(kind, value, self._phone_region)
        ]

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


def normalised(kind: str, value: str, phone_region: str) -> str:
    """The same phone or address written differently is the same: E.164 where it can be a number, small letters.

    What can't be one (an internal line, too many digits) is its digits. Erasing finds whom registering found.
    """
    if kind != "phone":
        return value.strip().casefold()
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(value, phone_region)
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return "".join(c for c in value if c.isdigit() or c == "+")
