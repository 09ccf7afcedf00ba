"""Loopback ports for brokers that come and go: another program can't take one while its broker is down."""

from __future__ import annotations

import errno
import socket
from typing import NamedTuple

LOOPBACK = "127.0.0.1"


class NodePorts(NamedTuple):
    """Where one node listens: to controllers, to brokers and its launcher, to clients."""

    controller: int
    internal: int
    client: int


class HeldPorts:
    """Ports bound by us and never listened on: a broker binds beside us (SO_REUSEADDR), nobody gets them by chance.

    Linux gives a bound port to no outgoing connection either: a client that knocks at a dead broker's port from that
    very port would be connected to itself. `hold` after `release` takes the same ports where they are still free.
    """

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._sockets: list[socket.socket] = []
        self._numbers: list[int] = []

    def hold(self) -> list[NodePorts]:
        """Those of each node, nodes counted from 1."""
        if not self._sockets:
            wanted = self._numbers or [0] * len(NodePorts._fields) * self._nodes
            self._sockets = [_bound(number) for number in wanted]
            self._numbers = [held.getsockname()[1] for held in self._sockets]
        numbers = iter(self._numbers)
        return [NodePorts(*each) for each in zip(numbers, numbers, numbers, strict=True)]

    def release(self) -> None:
        while self._sockets:
            self._sockets.pop().close()


def _bound(number: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((LOOPBACK, number))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            made.close()
            raise
        made.bind((LOOPBACK, 0))  # somebody took it meanwhile
    return made
