"""Files of signed heads, damaged, removed, cut short or rolled back with the log: `verify` says so with exit code 3."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.kernel import chain
from tests.integration.deploy.test_commands_verify import judged, scores


@pytest.fixture
def heads(held) -> Iterator[Path]:
    """The intake's file of signed heads, put back as it was."""
    file = held.folder / "heads" / "intake.ndjson"
    file.parent.mkdir(exist_ok=True)
    before = file.read_bytes() if file.exists() else b""
    yield file
    shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
    file.write_bytes(before)


async def signed_twice(held, tenant: str) -> None:
    """Five events, signed; then one more, signed."""
    await scores(held, tenant, 5)
    await held.sign("intake")
    await scores(held, tenant, 1)
    await held.sign("intake")


async def aged(held, tenant: str, first: int, last: int) -> None:
    """The events of an hour ago. Their hashes with them: the log itself is whole."""
    rows = await held.runtimes["intake"].resources.pool.fetch(
        "select position, recorded_at, meta, data from log.event where tenant = $1 order by position", tenant
    )
    previous = chain.GENESIS
    for row in rows:
        back = timedelta(hours=1) if first <= row["position"] <= last else timedelta(0)
        at = row["recorded_at"] - back
        previous = chain.link(previous, row["position"], at, chain.digest(row["meta"], row["data"]))
        change = "update log.event set recorded_at = $3, hash = $4 where tenant = $1 and position = $2"
        await held.as_owner("intake", change, tenant, row["position"], at, previous, past="log.event")
    await held.as_owner("intake", "update log.head set hash = $2 where tenant = $1", tenant, previous)


async def found(held, tenant: str, *more: str) -> tuple[str | None, str | None]:
    code, verdict = await judged(held, tenant, "--service", "intake", *more)
    assert code == (0 if verdict["fault"] is None else 3)
    return verdict["fault"], verdict["detail"]


async def test_a_log_that_outgrew_its_signed_heads_by_more_than_signing_takes_is_said(held, heads):
    """Heads deleted at the end of their file, or the whole file: what is left doesn't reach far enough."""
    await signed_twice(held, "on-time")
    await scores(held, "late", 5)
    await aged(held, "late", 1, 4)
    assert (await found(held, "late"))[0] == "heads_behind"
    await held.sign("intake")
    assert await found(held, "late") == (None, None)
    kept = heads.read_bytes().splitlines(keepends=True)
    heads.write_bytes(b"".join(line for line in kept if b'"tenant":"late"' not in line))
    fault, detail = await found(held, "late")
    assert (fault, detail.startswith("heads/intake.ndjson: 0 < 5, ")) == ("heads_behind", True)
    heads.unlink()
    assert (await found(held, "late"))[0] == "heads_missing"


async def test_what_was_recorded_since_the_last_signing_is_no_fault(held):
    await signed_twice(held, "fresh")
    await scores(held, "fresh", 2)
    assert await found(held, "fresh") == (None, None)


@pytest.mark.parametrize("damage", [b"\x00" * 40 + b"\n", b"{}\n", b"\n", b"\xff\n"])
async def test_a_damaged_line_is_named_by_file_and_line(held, heads, damage):
    await signed_twice(held, "damaged")
    kept = heads.read_bytes().splitlines(keepends=True)
    heads.write_bytes(b"".join([kept[0], damage, *kept[2:]]))
    assert await found(held, "damaged") == ("head_line_damaged", "heads/intake.ndjson:2")


async def test_a_signature_that_does_not_fit_is_named_by_file_and_line_whatever_is_signed_after_it(held, heads):
    await signed_twice(held, "misfit")
    kept = heads.read_bytes().splitlines(keepends=True)
    last = kept[-1].replace(b'"position":6', b'"position":5')
    heads.write_bytes(b"".join([*kept[:-1], last, *kept[-2:]]))
    assert await found(held, "misfit") == ("signature_invalid", f"heads/intake.ndjson:{len(kept)}")


async def test_heads_that_are_no_file_are_a_fault_and_no_traceback(held, heads):
    await scores(held, "no-file", 1)
    heads.unlink(missing_ok=True)
    heads.mkdir()
    fault, detail = await found(held, "no-file")
    assert (fault, detail) == ("heads_unreadable", "heads/intake.ndjson: Is a directory")


async def test_a_copy_of_the_heads_kept_elsewhere_finds_log_and_heads_rolled_back_together(held, heads, tmp_path):
    await scores(held, "both", 3)
    await held.sign("intake")
    earlier = heads.read_bytes()
    await scores(held, "both", 2)
    await held.sign("intake")
    shutil.copy(heads, tmp_path / "intake.ndjson")
    assert await found(held, "both", "--heads", str(tmp_path)) == (None, None)
    heads.write_bytes(earlier)
    assert (await found(held, "both", "--heads", str(tmp_path)))[0] == "heads_removed"
    await held.as_owner("intake", "delete from log.event where tenant = 'both' and position > 3", past="log.event")
    back = (
        "update log.head set position = 3, hash = (select hash from log.event where tenant = 'both' and position = 3)"
    )
    await held.as_owner("intake", f"{back} where tenant = 'both'")
    assert await found(held, "both") == (None, None)
    code, verdict = await judged(held, "both", "--heads", str(tmp_path))
    assert (code, verdict["fault"], verdict["bad_position"]) == (3, "tail_cut", 4)


async def test_a_folder_without_heads_proves_nothing_and_is_refused(held, tmp_path):
    done = await held.command("verify", "--heads", str(tmp_path))
    assert (done.returncode, "There are no heads" in done.stderr) == (4, True)
