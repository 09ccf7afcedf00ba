"""What lies beside the databases: attachments and reports under the sums of their bytes, and signed heads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from deploy.moving.errors import CopyDiffers, TargetNotEmpty
from shared.adapters.anchors import sum_of
from shared.adapters.blobs import FolderBlobs, put_in_place

BLOBS, HEADS = "blobs", "heads"


async def copy_blobs(source: Path, target: Path) -> int:
    """Those that aren't there yet; how many there were to copy. Raises CopyDiffers, OSError."""
    here, there = FolderBlobs(source), FolderBlobs(target)
    copied = 0
    for tenant, name in _blobs(source):
        is_there = await there.exists(tenant, name)
        found = await (sum_of(there, tenant, name) if is_there else there.put(tenant, here.get(tenant, name)))
        if found != name:  # another file under its name; or the disk, or somebody since the source was verified
            raise CopyDiffers(service=BLOBS, part=name)
        copied += not is_there
    return copied


def _blobs(folder: Path) -> Iterator[tuple[str, str]]:
    """(tenant, name) of each; what a killed server left half written is none."""
    for home in sorted(folder.iterdir()) if folder.is_dir() else ():
        for file in sorted(home.iterdir()) if home.is_dir() else ():
            if not file.name.startswith("."):
                yield unquote(home.name), file.name


def copy_heads(source: Path, target: Path, service: str) -> None:
    """The file whole or not at all; one that goes on from it, as an earlier try left it, stays.

    Raises TargetNotEmpty, OSError.
    """
    signed = source.read_bytes() if source.exists() else b""
    held = target.read_bytes() if target.exists() else b""
    if held[: len(signed)] == signed and (held or not signed):
        return
    if held:
        raise TargetNotEmpty(service=service, where=str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(signed)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(draft, target)
