"""Who can answer for something: one type for every place that compares parties (rule 13)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.words import PartyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A department, post, supplier … by its code in the company's registers. Never a person.

    Two are the same only where kind and code both are, letter by letter: registers number apart, so that a supplier
    and a department may have one code, and `s-001` isn't `S-001`. Written `kind:code`.
    """

    kind: PartyKind
    code: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.code}"
