"""Clients that dawdle, on the real server: their connections end, and they hold up no stop."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy.embedded.child import Child
from deploy.slow_clients import HEAD_SECONDS, STOP_SECONDS

HEAD = "POST /api/v1/complaints HTTP/1.1\r\nHost: localhost\r\n"
BODY_SECONDS = 2.0


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Child]:
    made = Child(tmp_path_factory.mktemp("slow") / "data", {"SUYUAN_BODY_SECONDS": str(BODY_SECONDS)}).start()
    yield made
    if made.is_running:
        made.kill()


def connected(server: Child, stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=60))


def ended(client: socket.socket, *, trickle: bytes) -> tuple[bytes, float]:
    """What it was told, and how many seconds it could go on."""
    began, told = time.monotonic(), b""
    client.settimeout(0.2)
    while time.monotonic() - began < 2 * HEAD_SECONDS:
        try:
            client.sendall(trickle)
            if not (heard := client.recv(4096)):
                break
            told += heard
        except TimeoutError:
            continue
        except OSError:  # closed under us
            break
    return told, time.monotonic() - began


def test_a_head_that_does_not_end_and_a_body_that_does_not_end_close_their_connections(server):
    form = f"{HEAD}Authorization: Bearer {server.token('service_agent')}\r\nContent-Type: application/json\r\n"
    with ExitStack() as stack:
        body, head = connected(server, stack), connected(server, stack)
        body.sendall(f"{form}Idempotency-Key: k\r\nContent-Length: 1000\r\n\r\n{{".encode())
        told, seconds = ended(body, trickle=b" ")
        assert told.startswith(b"HTTP/1.1 408 ")
        assert seconds < BODY_SECONDS + 4
        head.sendall(HEAD.encode())
        told, seconds = ended(head, trickle=b"X")
        assert told == b""
        assert seconds < HEAD_SECONDS + 2


def test_who_sends_far_too_much_is_told_so_and_not_cut_off(server):
    """A client that reads no answer before it has sent everything, as most do; the server reads none of it."""
    form = f"{HEAD}Authorization: Bearer {server.token('service_agent')}\r\nContent-Type: application/json\r\n"
    with ExitStack() as stack:
        client = connected(server, stack)
        size = 20_000_000
        client.sendall(f"{form}Idempotency-Key: k\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(size // 100_000):
            client.sendall(b" " * 100_000)
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_half_a_body_and_half_a_head_hold_up_no_stop(server):
    form = f"{HEAD}Authorization: Bearer {server.token('service_agent')}\r\nContent-Type: application/json\r\n"
    with ExitStack() as stack:
        body, head = connected(server, stack), connected(server, stack)
        body.sendall(f"{form}Idempotency-Key: k\r\nContent-Length: 1000000\r\n\r\n".encode() + b" " * 100_000)
        head.sendall(HEAD.encode())
        time.sleep(0.2)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < STOP_SECONDS + 5
