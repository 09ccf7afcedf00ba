"""The hash chain against sums made with sha256sum, and that nothing under it can change unseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.kernel.chain import GENESIS, digest, link, microseconds

META, DATA = b'{"a":1}', b'{"b":2}'
# sha256(meta) 015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862
# sha256(data) 0ab1a6d394cd30195f0642b67ae1180c375ffadf5dd7f39c390668b5fdb6da93
DIGEST = "e995b26f1ff802f91230e035e4e192b91f79fc61970035e2b80bc960b7b17a16"
AT = datetime(2026, 1, 5, 8, 0, 0, 1, tzinfo=UTC)
# 1767600000000001 µs, 0006479f721ae001 in 8 bytes; hashed are 32 zero bytes, 0000000000000001, the time, the digest
FIRST = "62238fa7d3cc15421200da4cf688b46716242bcde9473cd75cba023767054685"
SECOND = "9c1da06e321dc69aa94ddefbc54a9384677861ce523836aedd84f215aaf6928a"


def test_the_digest_and_the_first_two_links_are_those_computed_by_hand():
    assert digest(META, DATA).hex() == DIGEST
    first = link(GENESIS, 1, AT, digest(META, DATA))
    assert first.hex() == FIRST
    assert link(first, 2, AT, digest(META, DATA)).hex() == SECOND


@pytest.mark.parametrize(
    "changed",
    [
        link(bytes(31) + b"\x01", 1, AT, digest(META, DATA)),
        link(GENESIS, 2, AT, digest(META, DATA)),
        link(GENESIS, 1, AT + timedelta(microseconds=1), digest(META, DATA)),
        link(GENESIS, 1, AT, digest(META + b" ", DATA)),
        link(GENESIS, 1, AT, digest(META, DATA + b" ")),
        link(GENESIS, 1, AT, digest(DATA, META)),
        link(GENESIS, 1, AT, digest(META + DATA, b"")),
    ],
    ids=["previous", "position", "time", "meta", "data", "swapped", "moved over"],
)
def test_whatever_is_changed_changes_the_link(changed):
    assert changed.hex() != FIRST


def test_a_moment_is_the_same_in_every_zone_and_exact_to_the_microsecond():
    shanghai = timezone(timedelta(hours=8))
    assert microseconds(AT) == 1_767_600_000_000_001
    assert microseconds(AT.astimezone(shanghai)) == microseconds(AT)
    assert microseconds(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == 253_402_300_799_999_999
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1
