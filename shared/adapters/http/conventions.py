"""What every route agrees on: who asks, Idempotency-Key, If-Match, Suyuan-After, as_of.

A service's route takes `Creating`, `Writing`, `Reading`, `ReadingAsOf` or `Paging` as a parameter and gets the checked
thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request

from shared.adapters.http.call import Call, call_of
from shared.adapters.http.edge_errors import BadHeader, MissingHeader
from shared.adapters.http.language import Language
from shared.adapters.http.paging import Page, page_of
from shared.adapters.http.policy import Principal
from shared.adapters.http.positions import AsOf, parse_after, parse_as_of
from shared.adapters.telemetry import traceparent
from shared.kernel.ids import new_id
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor

_KEY = re.compile(rb"[\x21-\x7e]{1,200}")
_ETAG = re.compile(rb'"(0|[1-9][0-9]{0,9})"')


def create_context(request: Request) -> Context:
    """Of a command that makes something: as `write_context`, and the Idempotency-Key must be there (400)."""
    call = call_of(request)
    if b"idempotency-key" not in call.headers:
        raise MissingHeader(header="Idempotency-Key")
    return _context(call)


def write_context(request: Request) -> Context:
    """Who, when, on which version and under which key, from the request. Raises BadHeader (400)."""
    return _context(call_of(request))


@dataclass(frozen=True, slots=True)
class Read:
    """A question: whose, in which language, as of when, and after which positions its view must have come."""

    principal: Principal
    language: Language
    as_of: AsOf | None
    after: dict[str, int]
    patience: float

    @property
    def tenant(self) -> str:
        return self.principal.tenant


def read_of(request: Request) -> Read:
    """A question about now. `as_of` in its query is an unknown parameter, never silently ignored."""
    return _read(call_of(request), None)


def read_as_of(request: Request) -> Read:
    """A question that can be asked of the past. Raises BadParameter."""
    as_of = request.query_params.get("as_of")
    return _read(call_of(request), None if as_of is None else parse_as_of(as_of))


def keyed_by(context: Context, *parts: bytes) -> Context:
    """The context with `parts` in its fingerprint too: the hash of an upload.

    Its raw body is never the same twice (multipart boundaries) and isn't covered otherwise.
    """
    made = sha256(context.key.fingerprint)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return replace(context, key=replace(context.key, fingerprint=made.digest()))


def _read(call: Call, as_of: AsOf | None) -> Read:
    after = call.headers.get(b"suyuan-after")
    return Read(
        principal=call.who,
        language=call.language,
        as_of=as_of,
        after={} if after is None else parse_after(after.decode("latin-1")),
        patience=call.edge.settings.wait_seconds,
    )


Creating = Annotated[Context, Depends(create_context)]
Writing = Annotated[Context, Depends(write_context)]
Reading = Annotated[Read, Depends(read_of)]
ReadingAsOf = Annotated[Read, Depends(read_as_of)]
Paging = Annotated[Page, Depends(page_of)]
Calling = Annotated[Call, Depends(call_of)]


def _context(call: Call) -> Context:
    principal, command_id = call.who, new_id()
    return Context(
        tenant=principal.tenant,
        actor=_actor(principal),
        now=call.edge.clock(),
        key=_key(call, str(command_id)),
        command_id=command_id,
        correlation_id=call.correlation_id,
        traceparent=traceparent() or call.traceparent,
        expected=_expected(call),
    )


@lru_cache(maxsize=10_000)
def _actor(principal: Principal) -> Actor:
    return Actor(subject=principal.subject, roles=tuple(sorted(principal.roles)))


def _key(call: Call, fresh: str) -> Key:
    """The idempotency key; a write without one gets a fresh one, so that it is never taken for another's repeat."""
    sent = call.headers.get(b"idempotency-key")
    if sent is not None and not _KEY.fullmatch(sent):
        raise BadHeader(
            header="Idempotency-Key",
            expected_zh="应为 1 到 200 个可见 ASCII 字符",
            expected_en="1 to 200 visible ASCII characters",
        )
    fingerprint = call.edge.mac(
        b"request",
        call.scope["method"].encode(),
        call.scope["path"].encode(),
        call.headers.get(b"if-match", b""),
        call.body,
    )
    return Key(f"{call.who.subject}:{call.operation}", fresh if sent is None else sent.decode(), fingerprint)


def _expected(call: Call) -> int | None:
    """The version of `If-Match: "<version>"`. Weak tags, `*` and lists are refused: they can't name one version."""
    sent = call.headers.get(b"if-match")
    if sent is None:
        return None
    match = _ETAG.fullmatch(sent.strip())
    if match is None:
        raise BadHeader(
            header="If-Match",
            expected_zh='应为带双引号的版本号，如 "3"',
            expected_en='the quoted version, such as "3"',
        )
    return int(match[1])
