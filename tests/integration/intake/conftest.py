"""Intake as an application of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.app import RunningApp, running_app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(postgres, tmp_path_factory) -> AsyncIterator[RunningApp]:
    async with running_app(postgres, tmp_path_factory.mktemp("app"), ("intake",)) as running:
        yield running
