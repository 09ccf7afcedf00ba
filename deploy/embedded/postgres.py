"""The embedded Postgres: our own launcher for the binaries of the wheel (docs/decisions/0008)."""

from __future__ import annotations

import asyncio
import math
import os
import re
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

import asyncpg

from deploy.embedded.account import Account, choose
from deploy.embedded.binaries import binaries
from deploy.embedded.errors import NoSocketFolder, NotDurable
from deploy.embedded.folder import DataFolder
from deploy.embedded.options import DURABLE, PORT, command_line
from deploy.embedded.process import (
    SOCKET_PREFIX,
    Postmaster,
    clear_orphans,
    remove_socket_folder,
    shut_down,
    wait_until,
)

SUPERUSER = "postgres"
READY_SECONDS = 120.0
"""Crash recovery replays at most `max_wal_size`."""
SOCKET_PATH_BYTES = 107
_PLAIN_PATH = re.compile(r"[\w./+-]+", re.ASCII)
"""A socket folder is an entry of a comma-separated, quoted list: only plain characters."""


class ConnectArgs(TypedDict):
    """Keyword arguments of `asyncpg.connect` and `asyncpg.create_pool`."""

    host: str
    port: int
    database: str
    user: str


class EmbeddedPostgres:
    """One Postgres on one folder, held by this process: `start`, use `dsn`, `stop`. Also an async context manager.

    Trust stands for passwords: only who can enter the private socket folder can connect. Starting again after `stop`
    or after the database died is fine. Errors: deploy.embedded.errors.
    """

    def __init__(self, folder: Path) -> None:
        self._place = DataFolder(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: Path | None = None

    @property
    def pid(self) -> int | None:
        """The postmaster's pid while it runs."""
        return self._process.pid if self.is_running and self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def dsn(self, database: str, user: str) -> ConnectArgs:
        if self._sockets is None:
            raise RuntimeError("start the database first")
        return ConnectArgs(host=str(self._sockets), port=PORT, database=database, user=user)

    async def start(self) -> None:
        """Make the cluster where there is none, end what a killed server left, start, wait until it answers."""
        if self.is_running:
            return
        if self._process is not None:  # it died: the lock is still ours
            await self.stop()
        self._place.hold()
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, what was committed is on disk. Twice is fine."""
        if self._process is not None:
            process = self._process
            await shut_down(process.pid, lambda: process.poll() is not None)
            self._process = None
        remove_socket_folder(self._sockets)
        self._sockets = None
        self._place.release()

    async def died(self) -> int:
        """Wait until the database is gone without having been asked; its exit code (negative: the signal)."""
        process = self._process
        if process is None:
            raise RuntimeError("start the database first")
        await wait_until(lambda: process.poll() is not None, math.inf)
        return process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        place = self._place
        folder = binaries()
        place.check_space()
        account = await asyncio.to_thread(choose, place.folder, place.data, folder / "postgres")
        if place.data.exists():
            place.check_cluster()
            account.give(place.data)
            await clear_orphans(place.data)
        else:
            await self._make_cluster(account, folder / "initdb")
        self._sockets = _socket_folder(account)
        with place.open_log() as log:
            said = log.tell()
            options = command_line(place.data, self._sockets)
            self._process = account.spawn(folder / "postgres", *options, output=log)
        await self._wait_until_ready(said)
        await self._refuse_loose_settings()

    async def _make_cluster(self, account: Account, initdb: Path) -> None:
        """UTF-8 in code point order (the same sorting on every machine), checked pages; whole or absent."""
        place = self._place
        unborn = place.new_cluster(account.owner)
        words = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        safety = ("--data-checksums", "--auth-local=trust", "--auth-host=reject", f"--username={SUPERUSER}")
        with place.open_log() as log:
            said = log.tell()
            process = account.spawn(initdb, "-D", unborn, *words, *safety, output=log)
        if await self._ended(process) != 0:
            raise place.failure("initdb", said)
        place.adopt()

    async def _ended(self, process: subprocess.Popen[bytes]) -> int:
        try:
            await wait_until(lambda: process.poll() is not None, READY_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
        return process.wait()

    async def _wait_until_ready(self, said: int) -> None:
        data = self._place.data

        def decided() -> bool:
            now = Postmaster.of(data)
            return not self.is_running or (now is not None and now.is_ready and now.pid == self.pid)

        in_time = await wait_until(decided, READY_SECONDS)
        if in_time and self.is_running:
            return
        problem = f"not ready after {READY_SECONDS:.0f} s" if self.is_running else "it ended"
        raise self._place.failure(problem, said)

    async def _refuse_loose_settings(self) -> None:
        """A role or a database can override the command line: no acknowledged event may rest on that."""
        connection = await asyncpg.connect(**self.dsn("postgres", SUPERUSER))
        try:
            for name in DURABLE:
                value = await connection.fetchval("SELECT current_setting($1)", name)
                if value != DURABLE[name]:
                    raise NotDurable(setting=name, value=value, where="postgres")
            overrides = await connection.fetch(
                "SELECT coalesce(d.datname, '*') || '/' || coalesce(r.rolname, '*') AS place, s.entry"
                " FROM pg_db_role_setting c CROSS JOIN unnest(c.setconfig) AS s(entry)"
                " LEFT JOIN pg_database d ON d.oid = c.setdatabase LEFT JOIN pg_roles r ON r.oid = c.setrole"
            )
        finally:
            await connection.close()
        for override in overrides:
            name, _, value = override["entry"].partition("=")
            if name in DURABLE and value != DURABLE[name]:
                raise NotDurable(setting=name, value=value, where=override["place"])


def _socket_folder(account: Account) -> Path:
    """A new private folder whose sockets have a path short enough, given to the account."""
    own = os.environ.get("XDG_RUNTIME_DIR") if not account.is_dropped else None  # closed to anybody else
    tried = [base for base in (own, tempfile.gettempdir(), "/tmp", "/var/tmp") if base]  # noqa: S108 - mkdtemp inside
    for base in tried:
        longest = f"{base}/{SOCKET_PREFIX}12345678/.s.PGSQL.{PORT}.lock"
        if len(os.fsencode(longest)) > SOCKET_PATH_BYTES or not _PLAIN_PATH.fullmatch(base):
            continue
        try:
            folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=base))
        except OSError:
            continue
        os.chown(folder, account.owner, -1)
        return folder
    raise NoSocketFolder(tried=", ".join(tried))
