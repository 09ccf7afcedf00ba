"""The settings Postgres is started with, on its command line: no file in the data folder can undo them there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PORT = 5432
"""Names the socket file only: nothing listens on TCP."""

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""What an acknowledged event rests on; checked again after the start, since a role or database can override it."""

OPTIONS = {
    **DURABLE,
    # who reaches it: the owner of the socket folder
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # a small machine
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "min_wal_size": "64MB",
    "max_wal_size": "512MB",
    "wal_recycle": "off",  # a segment with a destroyed key in it is removed, not kept under another name
    "random_page_cost": "1.1",
    "io_method": "sync",  # three processes less; the hot data are in memory
    "jit": "off",  # queries are short
    # no personal value in a log: no statement, no parameter, no refused row (a client gets its error, the log does not)
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_messages": "log",  # in this order LOG, FATAL and PANIC: what concerns the server itself
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def command_line(data: Path, socket_folder: Path) -> Iterator[str]:
    """The arguments of `postgres`."""
    yield from ("-D", str(data))
    for name, value in {**OPTIONS, "unix_socket_directories": str(socket_folder)}.items():
        yield from ("-c", f"{name}={value}")
