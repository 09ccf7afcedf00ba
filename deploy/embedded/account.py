"""Which account the Postgres programs run under: they refuse to be root.

A plain user runs them as is. Root drops to an unprivileged user where that one can reach the data folder and the
binaries; under a closed home nobody else can, and a user namespace gives root's own files another name instead
(same owner on disk, no privileges inside).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypedDict

from deploy.embedded.errors import FolderOfAnother, NoAccount

ROOT = 0
NOBODY = 65534
PROBE_SECONDS = 20


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """How to start a program: `prefix` before its command line, `uid`/`gid` to drop to, and who owns its files."""

    owner: int
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    @property
    def is_dropped(self) -> bool:
        return self.uid is not None

    def spawn(self, *command: str | Path, output: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own: Ctrl-C at the terminal is for the server, which stops this one."""
        identity = _Identity()
        if self.uid is not None and self.gid is not None:
            identity = _Identity(user=self.uid, group=self.gid, extra_groups=[])
        return subprocess.Popen(  # noqa: S603 - our own binaries, no shell
            [*self.prefix, *(os.fspath(word) for word in command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",  # the server's own folder may be closed to the account
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},  # no PG* variable reaches the database
            start_new_session=True,
            umask=0o077,
            **identity,
        )

    def can_run(self, binary: Path, folder: Path) -> bool:
        """Whether this account can enter the folder and execute the binary, tried rather than computed."""
        script = 'cd -- "$1" && exec "$2" --version'
        try:
            return self.spawn("/bin/sh", "-c", script, "sh", folder, binary).wait(PROBE_SECONDS) == 0
        except (OSError, subprocess.SubprocessError):
            return False

    def give(self, folder: Path) -> None:
        """Hand a data folder to this account where another made it; its top last, so that a broken walk is repeated."""
        if os.geteuid() != ROOT or folder.stat().st_uid == self.owner:
            return
        for parent, _, files in os.walk(folder, topdown=False):
            for name in (*files, ""):
                os.chown(os.path.join(parent, name), self.owner, -1, follow_symlinks=False)  # noqa: PTH118 - bytes of a walk


def _dropped(uid: int) -> Account:
    try:
        gid = pwd.getpwuid(uid).pw_gid
    except KeyError:  # an account of another machine or container
        gid = NOBODY
    return Account(owner=uid, uid=uid, gid=gid)


def _nobody() -> int:
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return NOBODY


def _renamed() -> list[Account]:
    unshare = shutil.which("unshare", path="/usr/bin:/bin")
    if unshare is None:
        return []
    return [Account(owner=ROOT, prefix=(unshare, "--user", f"--map-user={_nobody()}", f"--map-group={NOBODY}", "--"))]


def choose(folder: Path, data: Path, binary: Path) -> Account:
    """The account for `data` in `folder`: the one that owns it already where possible.

    Raises `FolderOfAnother` to a plain user, `NoAccount` to root where no account reaches the folder.
    """
    owner = data.stat().st_uid if data.exists() else None
    me = os.geteuid()
    if me != ROOT:
        if owner not in (None, me):
            raise FolderOfAnother(folder=data, owner=_name(owner or ROOT))
        return Account(owner=me)
    dropped = _dropped(owner or _nobody())
    candidates = [*_renamed(), dropped] if owner == ROOT else [dropped, *_renamed()]
    for account in candidates:
        if account.is_dropped:
            folder.chmod(0o711)  # passable, not listable: the data folder inside is the account's own
        if account.can_run(binary, folder):
            return account
        folder.chmod(0o700)
    raise NoAccount(folder=folder)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
