"""What a cell may say: comparisons, lists, intervals, arithmetic and a few functions, over the table's own inputs.

zen-engine's language has more: closures over ranges (`all([1..100000], …)`) that keep the process busy for minutes,
chance, today's date. A published rule answers the same for ever, at once; so whatever isn't listed here is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

FUNCTIONS = frozenset(
    {"contains", "startsWith", "endsWith", "matches", "len", "lower", "upper", "trim", "abs", "floor", "ceil", "round"}
)
GRAMMAR = frozenset({"and", "or", "not", "in", "true", "false", "null"})

_PIECE = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*|\$)"""
    r"""|(?P<sign>\.\.|<=|>=|==|!=|[<>+\-*/%()\[\],]))"""
)


class NotAllowed(Exception):
    """What in the cell isn't allowed, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class EngineFailed(RuntimeError):
    """The engine couldn't, or panicked."""


def check(cell: str, known: frozenset[str]) -> None:
    """Raises NotAllowed. A word that is no input would silently equal nothing: mostly a text without its quotes."""
    open_: list[str] = []
    before = ""
    for kind, piece in _pieces(cell):
        if kind == "word" and piece != "$" and piece not in known | GRAMMAR | FUNCTIONS:
            raise NotAllowed(f"不认识 {piece}（文本要加引号）", f"unknown word {piece} (quote texts)")
        if kind == "sign" and piece in "([":
            open_.append(before if piece == "(" and before in FUNCTIONS else "")
        elif kind == "sign" and piece in ")]" and open_:
            open_.pop()
        elif piece == ".." and any(open_):
            raise NotAllowed("函数的参数不能是区间", "a function can't be given an interval")
        before = piece


def asked(engine: Callable[[], T]) -> T:
    """What the engine says. Raises EngineFailed, also where it panics (a BaseException of its own)."""
    try:
        return engine()
    except RuntimeError as error:
        raise EngineFailed(str(error)) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise EngineFailed(str(error)) from None
        raise


def _pieces(cell: str) -> Iterator[tuple[str, str]]:
    at = 0
    text = cell.rstrip()
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            raise NotAllowed(f"不允许「{rest[:20]}」", f"'{rest[:20]}' is not allowed")
        kind = str(match.lastgroup)
        yield kind, match[kind]
        at = match.end()
