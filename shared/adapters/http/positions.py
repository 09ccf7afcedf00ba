"""Positions in headers and queries: `intake:120`, vectors `intake:120,investigation:44`, and `as_of`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.adapters.http.edge_errors import BadHeader, BadParameter
from shared.contracts.catalogue import SERVICES

_ONE = re.compile(rf"({'|'.join(SERVICES)}):(0|[1-9][0-9]{{0,18}})")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
MAX_POSITION = 2**63 - 1
"""What the database can count to."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment of knowledge: either a time (aware, UTC) or the positions it once resolved to."""

    moment: datetime | None = None
    positions: Mapping[str, int] | None = None


def write_vector(positions: Mapping[str, int]) -> str:
    """As `Suyuan-Position` carries it, in the order of the services."""
    return ",".join(f"{service}:{positions[service]}" for service in SERVICES if service in positions)


def read_vector(text: str) -> dict[str, int] | None:
    """The positions of a vector; None where it isn't one (an unknown or repeated service, a number out of range)."""
    positions: dict[str, int] = {}
    for part in text.split(","):
        match = _ONE.fullmatch(part.strip())
        if match is None or match[1] in positions or int(match[2]) > MAX_POSITION:
            return None
        positions[match[1]] = int(match[2])
    return positions


def parse_as_of(text: str) -> AsOf:
    """An `as_of` parameter. A `+` that arrived as a space is forgiven. Raises BadParameter."""
    if _TIME.fullmatch(text.strip()):
        try:
            moment = datetime.fromisoformat(text.strip().upper()).astimezone(UTC)
        except (ValueError, OverflowError):  # the first and last hours of the calendar have no other zone
            raise _bad_as_of() from None
        return AsOf(moment=moment)
    spaced = re.sub(r" (\d{2}:\d{2})$", r"+\1", text)
    if spaced != text:
        return parse_as_of(spaced)
    positions = read_vector(text)
    if positions is None:
        raise _bad_as_of()
    return AsOf(positions=positions)


def moment_of(name: str, text: str | None) -> datetime | None:
    """The time (UTC) of the query parameter `name`; None where it isn't given. Raises BadParameter."""
    if text is None:
        return None
    try:
        moment = parse_as_of(text).moment
    except BadParameter:
        moment = None
    if moment is None:
        raise BadParameter(
            parameter=name, expected_zh="应为带时区的 RFC 3339 时间", expected_en="an RFC 3339 time with its offset"
        )
    return moment


def span_of(first: tuple[str, str | None], end: tuple[str, str | None]) -> tuple[datetime | None, datetime | None]:
    """A period from `first` to before `end` (each a parameter's name and text). Raises BadParameter, also if empty."""
    since, until = moment_of(*first), moment_of(*end)
    if since is not None and until is not None and until <= since:
        raise BadParameter(parameter=end[0], expected_zh=f"应晚于 {first[0]}", expected_en=f"later than {first[0]}")
    return since, until


def parse_after(text: str) -> dict[str, int]:
    """A `Suyuan-After` header. Raises BadHeader."""
    positions = read_vector(text)
    if positions is None:
        raise BadHeader(
            header="Suyuan-After", expected_zh="应为 <服务>:<位置>，如 intake:120", expected_en="such as intake:120"
        )
    return positions


def _bad_as_of() -> BadParameter:
    return BadParameter(
        parameter="as_of",
        expected_zh="应为带时区的 RFC 3339 时间，或位置向量 intake:120,investigation:44",
        expected_en="an RFC 3339 time with offset, or positions such as intake:120,investigation:44",
    )
