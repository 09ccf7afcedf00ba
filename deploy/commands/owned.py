"""A service's own database as its owner has it, however it is run: mending a history takes more than a service may."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import asyncpg
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.cli import USAGE_EXIT, Arguments, add_folder
from deploy.embedded.attach import attached, running_dsns
from deploy.embedded.databases import OWNER
from deploy.embedded.system import unconnected
from deploy.settings import embedded_settings, settings_for
from shared.adapters.logging import configure
from shared.adapters.postgres.connection import BROKEN
from shared.adapters.runtime import Wired
from shared.contracts.catalogue import SERVICES
from shared.kernel.errors import StoreUnavailable, SuyuanError


@dataclass(eq=False, kw_only=True)
class WhichService(SuyuanError):
    exit_code: ClassVar[int] = USAGE_EXIT
    zh: ClassVar[str] = "SUYUAN_MIGRATION_URL 是一个服务的数据库：请用 --service 说明是哪个服务"
    en: ClassVar[str] = "SUYUAN_MIGRATION_URL is one service's database: name the service with --service"


class _Database(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SUYUAN_", extra="ignore")

    migration_url: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Owned:
    """`owner`: a connection as the database's owner. `wired`: what the service keeps beside events, and reacts by."""

    service: str
    owner: asyncpg.Connection
    wired: Wired


def add_services(parser: ArgumentParser) -> None:
    parser.add_argument("--service", choices=SERVICES, help="只限一个服务 · one service only")
    add_folder(parser)


@asynccontextmanager
async def owned(arguments: Arguments) -> AsyncIterator[list[Owned]]:
    """That of SUYUAN_MIGRATION_URL; without it those of the data folder, served at the moment or not.

    Raises WhichService, StoreUnavailable, and what `attached` raises.
    """
    async with AsyncExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        wired = {name: each.wired for name, each in unconnected(embedded_settings(scratch)).items()}
        settings = settings_for(arguments)
        configure(settings)
        url = _Database().migration_url
        if url is not None:
            if arguments.service is None:
                raise WhichService
            places = {arguments.service: {"dsn": url.get_secret_value()}}
        else:
            await stack.enter_async_context(attached(settings))
            dsns = running_dsns(settings) or {}
            places = {s: {**dsn, "user": OWNER} for s, dsn in dsns.items() if arguments.service in (None, s)}
        found = []
        for service, place in places.items():
            try:
                owner = await asyncpg.connect(**place)
            except BROKEN as problem:
                raise StoreUnavailable from problem
            stack.push_async_callback(owner.close)
            found.append(Owned(service, owner, wired[service]))
        yield found
