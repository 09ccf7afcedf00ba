"""One log for everything: structlog, JSON lines for machines, colours for a person on a terminal.

Lines carry the correlation id of the request or command they belong to. Bodies, tokens and personal values are never
logged: log ids and codes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer

from shared.adapters.settings import Settings

CORRELATION: ContextVar[Callable[[], object] | None] = ContextVar("correlation", default=None)
"""Gives the id of the request or event at hand; asked only when a line is written."""

_THIRD_PARTY = ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "aiokafka")
_CHATTY = ("aiokafka", "httpx")
"""Say each thing they do: heard from `warning` on only."""
_REPEATING = ("aiokafka", "asyncpg")
REPEAT_SECONDS = 30.0
_NEVER = frozenset({"body", "token", "authorization", "password", "name", "phone", "email", "address", "description"})


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Route structlog and the standard loggers (uvicorn's too) into one stream, standard error by default."""
    out = stream if stream is not None else sys.stderr
    console = settings.log_format == "console" or (settings.log_format == "auto" and out.isatty())
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _correlate,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _withhold,
    ]
    structlog.configure(
        processors=[
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(_seldom())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=_renderers(console)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _THIRD_PARTY:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    logging.getLogger("uvicorn.access").disabled = not settings.log_requests


def _seldom() -> Callable[[logging.LogRecord], bool]:
    """Whose broker or database is away says the same many times a second: each sentence is heard once in a while."""
    heard: dict[tuple[str, str], float] = {}

    def is_new(record: logging.LogRecord) -> bool:
        if not record.name.startswith(_REPEATING):
            return True
        sentence = (record.name, str(record.msg))
        if record.created - heard.get(sentence, 0.0) < REPEAT_SECONDS:
            return False
        heard[sentence] = record.created
        return True

    return is_new


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return logger


@contextmanager
def correlated(correlation_id: object) -> Iterator[None]:
    """Lines written inside carry this correlation id: for consumers, timers and commands of the command line."""
    token = CORRELATION.set(lambda: correlation_id)
    try:
        yield
    finally:
        CORRELATION.reset(token)


def _correlate(_: Any, __: str, line: Any) -> Any:
    ask = CORRELATION.get()
    if ask is not None:
        line.setdefault("correlation_id", str(ask()))
    return line


def _renderers(console: bool) -> list[Any]:
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if console:
        return [drop, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    tracebacks = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))  # locals would hold bodies
    return [drop, tracebacks, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _withhold(_: Any, __: str, line: Any) -> Any:
    """A second line of defence: values under these names never reach the log, whoever wrote the call."""
    for key in _NEVER & line.keys():
        line[key] = "[withheld]"
    return line
