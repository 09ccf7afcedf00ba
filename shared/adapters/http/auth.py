"""Bearer tokens (RFC 6750, RFC 9068 in spirit): RS256 and ES256 only, audience, issuer and times always checked.

A verified token is remembered by its SHA-256 until it expires, at most ten minutes: RS256 costs 100 µs, a look-up 1 µs.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeGuard

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from shared.adapters.http.edge_errors import Unauthenticated
from shared.adapters.http.keys import KeySource
from shared.adapters.http.party import NotAParty, parties_for
from shared.adapters.http.policy import ROLES, Principal
from shared.contracts.party import Party

ALGORITHMS = ("RS256", "ES256")
REMEMBERED_TOKENS = 10_000
REMEMBERED_SECONDS = 600.0
MAX_TOKEN_BYTES = 8 * 1024
MOST_SECONDS = 2**53
"""Up to here a float holds every integer."""

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,200}")


class Authenticator:
    """Tokens to principals. `now` is the wall clock in seconds since 1970."""

    def __init__(self, keys: KeySource, *, issuer: str, audience: str, leeway: float, now: Callable[[], float]) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway
        self._now = now
        self._remembered: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    def remembered(self, authorization: bytes) -> Principal | None:
        """The principal of an Authorization header seen and verified before, and still good."""
        digest = sha256(authorization).digest()
        entry = self._remembered.get(digest)
        if entry is None:
            return None
        if entry[0] <= self._now():
            del self._remembered[digest]
            return None
        self._remembered.move_to_end(digest)
        return entry[1]

    async def principal(self, authorization: bytes | None) -> Principal:
        """Who the Authorization header's token speaks for. Raises Unauthenticated (401), Unavailable (503)."""
        if not authorization:
            raise Unauthenticated(why_zh="没有 Authorization 请求头", why_en="no Authorization header", presented=False)
        known = self.remembered(authorization)
        if known is not None:
            return known
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token.strip():
            raise Unauthenticated(why_zh="须为 Bearer 令牌", why_en="it must be a Bearer token")
        if len(token) > MAX_TOKEN_BYTES:
            raise _bad("令牌过长", "the token is too long")
        claims = await self._verified(token.strip())
        self._check_times_and_names(claims)
        principal = _principal(claims)
        self._remember(authorization, claims["exp"], principal)
        return principal

    async def _verified(self, token: bytes) -> dict[str, Any]:
        """The claims, once one of the issuer's keys is seen to have signed them with a permitted algorithm."""
        try:
            header = jws.extract_compact(token).headers()
        except (JoseError, ValueError, TypeError, RecursionError):
            raise _bad("令牌格式有误", "the token is malformed") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise _bad("签名算法不允许", "the signature algorithm is not allowed")
        for key in await self._keys.find(kid if isinstance(kid, str) else None):
            if isinstance(key, RSAKey) is not (algorithm == "RS256"):
                continue
            try:
                return jwt.decode(token, key, algorithms=[algorithm]).claims
            except (JoseError, ValueError, TypeError, RecursionError):
                continue
        raise _bad("签名无法验证", "the signature can't be verified")

    def _check_times_and_names(self, claims: dict[str, Any]) -> None:
        now = self._now()
        expires, begins = claims.get("exp"), claims.get("nbf", 0)
        if not _seconds(expires):
            raise _bad("缺少有效期", "exp is missing or not a number")
        if not _seconds(begins) or not _seconds(claims.get("iat", 0)):
            raise _bad("nbf、iat 应为数字", "nbf or iat is not a number")
        if expires + self._leeway <= now:
            raise _bad("令牌已过期", "the token has expired")
        if begins - self._leeway > now:
            raise _bad("令牌尚未生效", "the token is not valid yet")
        if claims.get("iss") != self._issuer:
            raise _bad("签发者不符", "the issuer is another one")
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise _bad("受众不符", "the audience is another one")

    def _remember(self, authorization: bytes, expires: float, principal: Principal) -> None:
        until = min(expires + self._leeway, self._now() + REMEMBERED_SECONDS)
        self._remembered[sha256(authorization).digest()] = (until, principal)
        if len(self._remembered) > REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)


def _principal(claims: dict[str, Any]) -> Principal:
    tenant, subject, roles = claims.get("tenant"), claims.get("sub"), claims.get("roles")
    if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
        raise _bad("缺少租户", "the claim tenant is missing or malformed")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise _bad("缺少主体", "the claim sub is missing or malformed")
    if not isinstance(roles, list):
        raise _bad("缺少角色", "the claim roles is missing")
    known = frozenset(role for role in roles if role in ROLES)
    return Principal(tenant, subject, known, _parties(known, claims.get("parties", [])))


def _parties(roles: frozenset[str], claim: object) -> frozenset[Party]:
    if not isinstance(claim, list) or not all(isinstance(text, str) for text in claim):
        raise _bad("parties 应为文本列表", "the claim parties is not a list of texts")
    try:
        return parties_for(roles, claim)
    except NotAParty as error:
        raise _bad(f"parties 有误：{error.zh}", f"the claim parties is wrong: {error.en}") from None


def _seconds(value: object) -> TypeGuard[float]:
    """Seconds since 1970: JSON as Python reads it knows NaN, which never expires, and integers beyond every float."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MOST_SECONDS


def _bad(zh: str, en: str) -> Unauthenticated:
    return Unauthenticated(why_zh=zh, why_en=en)
