"""A target to move a data folder to: a database a service on the session's Postgres, and an env file for each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import asyncpg

from deploy.embedded.databases import ServiceDatabase
from deploy.moving.tables import Contents, contents
from deploy.moving.targets import Target, of_files, target_of
from deploy.settings import embedded_settings
from shared.adapters.http.issuer import LocalIssuer
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock


def url_of(dsn: Mapping[str, object]) -> str:
    return f"postgresql://{dsn['user']}@/{dsn['database']}?host={quote(str(dsn['host']), safe='')}&port={dsn['port']}"


@dataclass
class Place:
    """`told`: a service's variables, to be changed before `words` writes them into its env file."""

    folder: Path
    databases: Mapping[str, ServiceDatabase]
    told: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, source: Path, databases: Mapping[str, ServiceDatabase]) -> Place:
        """In a new folder, with copies of the source's keys and the public half of its issuer's."""
        place = cls(folder, databases)
        keys = folder / "secrets"
        keys.mkdir(parents=True)
        for file in (source / "keys" / "master.key", source / "keys" / "heads.key", source / "edge.secret"):
            shutil.copy(file, keys)
        public = LocalIssuer(embedded_settings(source), system_clock).public_key()
        (keys / "public.json").write_text(json.dumps({"keys": [public]}))
        for service, database in databases.items():
            place.told[service] = {
                "SUYUAN_DATABASE_URL": url_of(database.runtime),
                "SUYUAN_MIGRATION_URL": url_of(database.owner),
                "SUYUAN_MASTER_KEY_FILE": str(keys / "master.key"),
                "SUYUAN_HEADS_KEY_FILE": str(keys / "heads.key"),
                "SUYUAN_EDGE_SECRET_FILE": str(keys / "edge.secret"),
                "SUYUAN_JWKS_FILE": str(keys / "public.json"),
                "SUYUAN_BLOBS_DIR": str(folder / "blobs"),
                "SUYUAN_HEADS_DIR": str(folder / "heads"),
            }
        return place

    def files(self) -> dict[str, Path]:
        found = {}
        for service, told in self.told.items():
            file = found[service] = self.folder / f"{service}.env"
            file.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
            file.chmod(0o600)
        return found

    def words(self) -> list[str]:
        """What is typed to move a folder here."""
        return ["migrate-to", *(word for s, file in self.files().items() for word in ("--env-of", f"{s}={file}"))]

    def targets(self) -> Mapping[str, Target]:
        files = self.files()
        told = of_files(files)
        return {s: target_of(s, told[s], files[s], self.folder / "scratch", {}) for s in SERVICES}

    async def contents(self) -> dict[str, Contents]:
        return {service: await contents_of(database.owner, service) for service, database in self.databases.items()}

    async def events(self) -> dict[str, int | None]:
        """None where a database has no schema."""
        found: dict[str, int | None] = {}
        for service, database in self.databases.items():
            owner = await asyncpg.connect(**database.owner)
            try:
                there = await owner.fetchval("select to_regclass('log.event') is not null")
                found[service] = await owner.fetchval("select count(*) from log.event") if there else None
            finally:
                await owner.close()
        return found


async def contents_of(dsn: Mapping[str, object], service: str) -> Contents:
    owner = await asyncpg.connect(**dsn)
    try:
        return await contents(owner, service)
    finally:
        await owner.close()
