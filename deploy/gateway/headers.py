"""Which headers go on: all but those of one connection (RFC 9110 § 7.6.1), and where the request came from."""

from __future__ import annotations

from starlette.types import Scope

Headers = list[tuple[bytes, bytes]]

_OF_ONE_CONNECTION = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_SAID_BY_US = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip"})
"""A caller's own word for where it comes from is not believed: services count requests by it."""
_ANSWERED_BY_US = frozenset({b"expect"})
_SET_BY_OUR_SERVER = frozenset({b"date", b"server"})


def onward(scope: Scope) -> Headers:
    """Of the request to the service. Host stays the client's."""
    sent: Headers = scope["headers"]
    dropped = _OF_ONE_CONNECTION | _SAID_BY_US | _ANSWERED_BY_US | _named_by_connection(sent)
    headers = [(name, value) for name, value in sent if name not in dropped]
    client = scope.get("client")
    if client:
        headers.append((b"x-forwarded-for", client[0].encode("latin-1")))
    headers.append((b"x-forwarded-proto", scope.get("scheme", "http").encode("latin-1")))
    if has_body(scope) and not any(name == b"content-length" for name, _ in sent):
        headers.append((b"transfer-encoding", b"chunked"))
    return headers


def back(sent: Headers) -> Headers:
    """Of the service's answer to the client."""
    headers = [(name.lower(), value) for name, value in sent]
    dropped = _OF_ONE_CONNECTION | _SET_BY_OUR_SERVER | _named_by_connection(headers)
    kept = [(name, value) for name, value in headers if name not in dropped]
    if (b"connection", b"close") in headers:  # said of a body that is answered before its end: the same holds here
        kept.append((b"connection", b"close"))
    return kept


def has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


def _named_by_connection(headers: Headers) -> set[bytes]:
    return {each.strip().lower() for name, value in headers if name == b"connection" for each in value.split(b",")}
