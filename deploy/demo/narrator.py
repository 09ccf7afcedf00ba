"""Tells the story to a person in zh or en; says nothing where a program listens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.panel import Panel
from rich.table import Table


class Narrator:
    """Every sentence is given in both languages, and said in one."""

    def __init__(self, language: str, *, silent: bool = False) -> None:
        self.zh = language.startswith("zh")
        self._console = Console(stderr=silent, quiet=silent, highlight=False)

    def say(self, zh: str, en: str) -> str:
        return zh if self.zh else en

    def chapter(self, zh: str, en: str) -> None:
        self._console.rule(f"[bold cyan]{self.say(zh, en)}")

    def step(self, zh: str, en: str) -> None:
        self._console.print(f"  [green]✓[/] {self.say(zh, en)}")

    def refusal(self, zh: str, en: str) -> None:
        self._console.print(f"  [yellow]✗[/] {self.say(zh, en)}")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table = Table(title=title, title_justify="left", show_lines=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*("" if cell is None else str(cell) for cell in row))
        self._console.print(table)

    def panel(self, text: str) -> None:
        self._console.print(Panel(text, expand=False))

    @contextmanager
    def waiting(self, zh: str, en: str) -> Iterator[None]:
        with self._console.status(self.say(zh, en)):
            yield
