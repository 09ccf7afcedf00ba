"""The image's entry: secrets that came as variables become files of this container's memory, then the command runs.

A container's root is read-only and a file mounted from the host has the host's owner, so that one env file is what
works on every machine. Where `SUYUAN_…_FILE` is set already, the variable isn't looked at.
"""

from __future__ import annotations

import base64
import binascii
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

from deploy.cli import USAGE_EXIT

FOLDER = Path("/tmp/secrets")  # noqa: S108 - a tmpfs of this container alone
GIVEN = {
    "SUYUAN_MASTER_KEY": "SUYUAN_MASTER_KEY_FILE",
    "SUYUAN_HEADS_KEY": "SUYUAN_HEADS_KEY_FILE",
    "SUYUAN_EDGE_SECRET": "SUYUAN_EDGE_SECRET_FILE",
    "SUYUAN_JWKS": "SUYUAN_JWKS_FILE",
}
"""Variable with the content in base64 → the setting that names a file."""


def unpacked(environment: MutableMapping[str, str], folder: Path = FOLDER) -> None:
    """Each variable's content in a file that only its owner reads, named by the setting. Raises ValueError."""
    for variable, setting in GIVEN.items():
        content = environment.pop(variable, "")
        if not content or setting in environment:
            continue
        try:
            data = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise ValueError(f"{variable} 不是 base64 · is not base64") from None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / variable.lower()
        file.unlink(missing_ok=True)  # of a start before: the container was only restarted
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
        environment[setting] = str(file)


if __name__ == "__main__":
    try:
        unpacked(os.environ)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        sys.exit(USAGE_EXIT)
    os.execv(sys.executable, [sys.executable, "-m", "deploy", *sys.argv[1:]])  # noqa: S606 - our own command line
