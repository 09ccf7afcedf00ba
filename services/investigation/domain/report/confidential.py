"""Names that a customer must not read (rule 16): found in a text, or blackened out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_ASCII_WORD = re.compile(r"[A-Za-z0-9]")


def named_in(text: str, words: Iterable[str]) -> str | None:
    """The first confidential word the text holds, longest first; None where it holds none."""
    found = _pattern(frozenset(words)).search(text)
    return found.group(0) if found else None


def blackened(text: str, words: Iterable[str], instead: str) -> str:
    """The text with every confidential word replaced."""
    return _pattern(frozenset(words)).sub(lambda _: instead, text)


@lru_cache(maxsize=64)
def _pattern(words: frozenset[str]) -> re.Pattern[str]:
    """Case is ignored. A Latin word stands alone ("AB" isn't in "LAB"); a Chinese one may stand anywhere."""
    useful = sorted((w.strip() for w in words if w.strip()), key=lambda w: (-len(w), w))
    return re.compile("|".join(_bounded(w) for w in useful) or r"(?!)", re.IGNORECASE)


def _bounded(word: str) -> str:
    left = r"(?<![A-Za-z0-9])" if _ASCII_WORD.match(word[0]) else ""
    right = r"(?![A-Za-z0-9])" if _ASCII_WORD.match(word[-1]) else ""
    return left + re.escape(word) + right
