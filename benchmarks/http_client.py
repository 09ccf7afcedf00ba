"""A load client of its own process: `python -m benchmarks.http_client PORT CONNECTIONS SECONDS`.

Headers and body come on standard input as JSON. Each connection sends its next request when the last is answered;
prints requests/s and quantiles as JSON. It knows just enough HTTP/1.1, so that it takes little from the server's core.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

from benchmarks.rig import quantile
from shared.kernel.ids import new_id

CUSTOMERS = 1000
PHONE = b"13800001111"
"""Stands in the body, and is replaced by that of each customer in turn."""
_LENGTH = b"content-length:"


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status, after the whole body was read."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(_LENGTH) + len(_LENGTH)
    await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
    return int(head[9:12])


async def _connection(port: int, head: bytes, body: bytes, end: float, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (start := time.perf_counter()) < end:
        phone = b"%011d" % (13_800_000_000 + len(taken) % CUSTOMERS)
        writer.write(b"%bIdempotency-Key: %b\r\n\r\n%b" % (head, str(new_id()).encode(), body.replace(PHONE, phone)))
        status = await _answer(reader)
        assert status == 201, f"answered {status}"
        taken.append(time.perf_counter() - start)
    writer.close()


async def _load(port: int, connections: int, seconds: float, headers: dict[str, str], body: bytes) -> dict[str, float]:
    lines = {"Host": f"127.0.0.1:{port}", **headers, "Content-Type": "application/json", "Content-Length": len(body)}
    head = "POST /api/v1/complaints HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    taken: list[float] = []
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_connection(port, head.encode(), body, start + seconds, taken))
    return {
        "rate": len(taken) / (time.perf_counter() - start),
        "p50_ms": quantile(taken, 0.5) * 1000,
        "p99_ms": quantile(taken, 0.99) * 1000,
    }


def main() -> None:
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    told = json.loads(sys.stdin.read())
    body = json.dumps(told["body"], ensure_ascii=False).encode()
    print(json.dumps(uvloop.run(_load(port, connections, seconds, told["headers"], body))))


if __name__ == "__main__":
    main()
