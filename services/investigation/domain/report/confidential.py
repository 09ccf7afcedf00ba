"""Names that a customer must not read (rule 16): found in a text, or blackened out of it, however they are written.

Text and name are compared in one normal form: compatibility-decomposed (full width is half width), case folded, marks
and what is invisible left out; dashes, spaces and punctuation only part. Why short names need more than that to count
as named stands in docs/decisions/0016-names-in-the-customer-edition.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

BLACK = "■"
"""Never part of a name, so that what stands on both sides of a blackened word is never taken for one."""

LOOSE = 4
"""A name of as many letters and figures, one letter among them, is known with anything between any two of them."""

_INVISIBLE = frozenset({"\u115f", "\u1160"})
"""Fillers: letters by their category, nothing to the eye."""

_DASH_BY_LOOK = "\u30fc"
"""ー, a letter by its category."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A text in its normal form; for each character where it stood, and whether something parted it from the last."""

    kept: str
    stood: tuple[int, ...]
    parted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """`parts`: where it is parted as it is written; `whole`: counts only where a text is nothing else."""

    parts: frozenset[int]
    loose: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class _Table:
    names: Mapping[str, _Name]
    lengths: tuple[int, ...]


def named_in(text: str, words: Iterable[str], own: Iterable[str] = ()) -> str | None:
    """The first confidential word the text holds, as it is written there; None where it holds none.

    One that is only a part of a word of `own` (lot `FG-12` of `FG-12-3`) isn't named.
    """
    found = next(_found(text, words, own), None)
    return None if found is None else text[found[0] : found[1]]


def blackened(text: str, words: Iterable[str], instead: str, own: Iterable[str] = ()) -> str:
    """The text with every confidential word replaced; words that overlap are replaced together."""
    told, upto = [], 0
    for start, end in _merged(_found(text, words, own)):
        told += [text[upto:start], instead]
        upto = end
    return "".join([*told, text[upto:]])


def names_in(texts: Iterable[str], words: Iterable[str], own: Iterable[str] = ()) -> frozenset[str]:
    """All confidential words that any of the texts holds, in normal form."""
    hidden, kept = frozenset(words), frozenset(own)
    return frozenset(normal(text[start:end]) for text in texts for start, end in _found(text, hidden, kept))


def without(words: Iterable[str], own: Iterable[str]) -> frozenset[str]:
    """The words but for those that are one of `own`, however either is written."""
    kept = {normal(word) for word in own}
    return frozenset(word for word in words if normal(word) not in kept)


def normal(text: str) -> str:
    """The one form in which names are compared."""
    return _read(text).kept


def _found(text: str, words: Iterable[str], own: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Start and end of every name in the text, in order of their starts, longest first."""
    read = _read(text)
    kept = list(_spans(read, _table(frozenset(own))))
    for start, end in _spans(read, _table(frozenset(words))):
        if not any(a <= start and end <= b and b - a > end - start for a, b in kept):
            yield read.stood[start], read.stood[end - 1] + 1


def _spans(read: _Read, table: _Table) -> Iterator[tuple[int, int]]:
    for start in range(len(read.kept)):
        for length in table.lengths:
            end = start + length
            name = table.names.get(read.kept[start:end]) if end <= len(read.kept) else None
            if name is not None and _stands(read, start, end, name):
                yield start, end


def _stands(read: _Read, start: int, end: int, name: _Name) -> bool:
    """A Latin word stands alone ("AB" isn't in "LAB"); a Chinese one may stand anywhere."""
    if name.whole and end - start < len(read.kept):
        return False
    if _joined(read, start) or _joined(read, end):
        return False
    return name.loose or all(at - start in name.parts for at in range(start + 1, end) if read.parted[at])


def _joined(read: _Read, at: int) -> bool:
    """Whether the characters before and at `at` are of one Latin word or number."""
    if at in (0, len(read.kept)) or read.parted[at]:
        return False
    return _latin(read.kept[at - 1]) and _latin(read.kept[at])


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    last: tuple[int, int] | None = None
    for start, end in spans:
        if last is not None and start < last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (start, end)
    if last is not None:
        yield last


@lru_cache(maxsize=64)
def _table(words: frozenset[str]) -> _Table:
    names: dict[str, _Name] = {}
    for read in map(_read, words):
        if read.kept:
            before = names.get(read.kept)
            parts = frozenset(at for at, parted in enumerate(read.parted) if parted)
            names[read.kept] = _Name(
                parts=parts if before is None else parts | before.parts,
                loose=len(read.kept) >= LOOSE and not read.kept.isdigit(),
                whole=len(read.kept) == 1 or (read.kept.isdigit() and len(read.kept) < LOOSE),
            )
    return _Table(names, tuple(sorted({len(name) for name in names}, reverse=True)))


def _read(text: str) -> _Read:
    kept, stood, parted, gap = [], [], [], False
    for at, written in enumerate(text):
        for character in _folded(written):
            if _parts(character):
                gap = True
            elif character == BLACK or unicodedata.category(character)[0] in "LN":
                kept.append(character)
                stood.append(at)
                parted.append(gap)
                gap = False
    return _Read("".join(kept), tuple(stood), tuple(parted))


@lru_cache(maxsize=4096)
def _folded(written: str) -> str:
    """One character in normal form; several for a ligature; nothing for a mark or what nobody sees."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", written).casefold())
    return "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Mn", "Mc", "Me") and c not in _INVISIBLE)


def _parts(character: str) -> bool:
    """Dashes, spaces, punctuation, signs: they part, and are nothing themselves."""
    if character == BLACK:
        return False
    return character == _DASH_BY_LOOK or unicodedata.category(character)[0] not in "LN"
