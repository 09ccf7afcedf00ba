"""A data folder that this process holds while commands work on it from processes of their own."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog

from deploy.cli import main
from deploy.embedded.child import Child
from shared.adapters.heads import HeadSigner
from shared.adapters.runtime import Runtime
from shared.contracts.event import Event
from shared.kernel import codec
from shared.kernel.clock import system_clock
from shared.kernel.ids import new_id
from shared.kernel.ports import AppendRequest, Claim, Key, PreparedEvent
from shared.kernel.recorded import Actor, Meta, encode_meta


@dataclass
class Said:
    returncode: int
    stdout: str
    stderr: str


@dataclass
class Held:
    """`append` writes straight into a service's log, personal values sealed."""

    folder: Path
    runtimes: Mapping[str, Runtime]
    owners: Mapping[str, Mapping[str, Any]]

    async def append(
        self, service: str, tenant: str, stream: str, *events: Event, number: Claim | None = None, reason: str = ""
    ) -> int:
        """The position of the last of them."""
        resources = self.runtimes[service].resources
        before = (await resources.store.load(tenant, stream)).version
        sealed = await resources.vault.seal(tenant, stream, [(new_id(), event) for event in events])
        prepared = tuple(
            _prepared(service, tenant, stream, nth, event, reason)
            for nth, event in enumerate(sealed.events, start=before + 1)
        )
        done = await resources.store.append(
            AppendRequest(
                tenant=tenant,
                stream=stream,
                expected=before,
                events=prepared,
                key=Key("u-1 try", str(new_id()), b"f" * 32),
                claims=() if number is None else (number,),
                new_keys=sealed.new_keys,
                key_owners=sealed.key_owners,
            )
        )
        return done.position

    async def append_unreadable(self, service: str, tenant: str, stream: str, event: Event) -> None:
        """An event of a known type whose content can't be read as one."""
        store = self.runtimes[service].resources.store
        bad = replace(_prepared(service, tenant, stream, 1, event, ""), data=b"{}")
        key = Key("u-1 try", str(new_id()), b"f" * 32)
        await store.append(AppendRequest(tenant=tenant, stream=stream, expected=0, events=(bad,), key=key))

    async def project(self, service: str, model: str, tenant: str) -> None:
        projector = self.runtimes[service].views.projectors[model]
        await projector.start()
        for source in projector.positions:
            while await projector.advance(source, tenant):
                pass

    async def sign(self, service: str) -> None:
        resources = self.runtimes[service].resources
        await HeadSigner(resources.secrets.heads, resources.log, resources.heads, system_clock).sign()

    async def as_owner(self, service: str, sql: str, *args: Any, past: str | None = None) -> None:
        """`past`: the table whose triggers are switched off meanwhile."""
        owner = await asyncpg.connect(**self.owners[service])
        try:
            async with owner.transaction():
                if past:
                    await owner.execute(f"alter table {past} disable trigger user")
                await owner.execute(sql, *args)
                if past:
                    await owner.execute(f"alter table {past} enable trigger user")
        finally:
            await owner.close()

    async def typed(self, *words: str, lang: str = "en_GB.UTF-8") -> Said:
        """As a person types it: a process of its own."""
        child = Child(self.folder, {"LC_ALL": lang, "COLUMNS": "200"})
        done = await asyncio.to_thread(child.run, *words)
        return Said(done.returncode, done.stdout, done.stderr)

    async def command(self, *words: str) -> Said:
        """The same in a thread, without the seconds that a new interpreter takes."""
        return await asyncio.to_thread(_in_this_process, [*words, "--data-dir", str(self.folder)])


def _in_this_process(words: list[str]) -> Said:
    out, err = io.StringIO(), io.StringIO()
    handlers, level = logging.root.handlers, logging.root.level
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("LC_ALL", "en_GB.UTF-8")
        patch.setenv("COLUMNS", "200")
        try:
            code = main(words)
        finally:
            structlog.reset_defaults()
            logging.root.handlers, logging.root.level = handlers, level
    return Said(code, out.getvalue(), err.getvalue())


def _prepared(service: str, tenant: str, stream: str, version: int, event: Event, reason: str) -> PreparedEvent:
    name, schema_version = codec.name_and_version(event)
    meta = Meta(
        event_id=new_id(),
        type=name,
        schema_version=schema_version,
        tenant=tenant,
        service=service,
        stream=stream,
        version=version,
        occurred_at=system_clock(),
        actor=Actor(subject="u-42", roles=("quality_engineer",)),
        correlation_id=new_id(),
        command_id=new_id(),
        reason=reason or None,
    )
    return PreparedEvent(name, encode_meta(meta), codec.encode(event))
