"""The data folder that a command was told of, with what it logs on standard error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from deploy.cli import Arguments
from deploy.embedded.attach import attached
from deploy.settings import settings_for
from shared.adapters.logging import configure
from shared.adapters.runtime import Runtime


@asynccontextmanager
async def on_folder(arguments: Arguments) -> AsyncIterator[Mapping[str, Runtime]]:
    """The services by name, connected. Raises what `attached` raises."""
    settings = settings_for(arguments)
    configure(settings)
    async with attached(settings) as runtimes:
        yield runtimes
