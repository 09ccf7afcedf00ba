"""The compose file on a real engine takes minutes: only `make test-compose` asks for it."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("SUYUAN_TEST_COMPOSE") else ["test_*.py"]
