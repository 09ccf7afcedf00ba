"""The folder of a local Kafka: `nodes/1/` and so on, each with its `data`; `lock`, held by our process."""

from __future__ import annotations

import base64
import re
import secrets
import shutil
from pathlib import Path

from deploy.embedded.held_folder import HeldFolder
from deploy.kafka.errors import KafkaFolderMismatch

_CLUSTER_ID = re.compile(r"^cluster\.id=(.+)$", re.MULTILINE)


class KafkaFolder(HeldFolder):
    """Paths, lock and judgement of one folder; starts nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.nodes = self.folder / "nodes"
        self.unborn = self.folder / "nodes.new"

    @property
    def is_new(self) -> bool:
        return not self.nodes.exists()

    def check(self, asked: int) -> None:
        """Raises `KafkaFolderMismatch` unless as many nodes were formatted here, all for one cluster."""
        ids = [self.cluster_id(node) for node in self.nodes.iterdir()]
        if len(ids) != asked or len(set(ids)) != 1 or None in ids:
            raise KafkaFolderMismatch(folder=self.folder, found=len([each for each in ids if each]), asked=asked)

    def cluster_id(self, node: Path | None = None) -> str | None:
        try:
            said = ((node or self.nodes / "1") / "data" / "meta.properties").read_text(errors="replace")
        except OSError:
            return None
        found = _CLUSTER_ID.search(said)
        return found[1].strip() if found else None

    def new_cluster(self, nodes: int) -> list[Path]:
        """Empty folders for the nodes; `adopt` makes them the cluster in one step."""
        shutil.rmtree(self.unborn, ignore_errors=True)  # left by a process killed in mid-creation
        made = [self.unborn / str(number) for number in range(1, nodes + 1)]
        for folder in made:
            folder.mkdir(mode=0o700, parents=True)
        return made

    def adopt(self) -> None:
        self._adopt(self.unborn, self.nodes)


def new_cluster_id() -> str:
    """As Kafka makes them: 16 random bytes; no argument of a program begins with a dash."""
    while True:
        made = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        if not made.startswith("-"):
            return made
