"""Attacks on tokens, and who may do what."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from shared.adapters.http.auth import REMEMBERED_TOKENS, Authenticator
from shared.adapters.http.edge_errors import Unauthenticated, Unavailable
from shared.adapters.http.keys import FetchedKeys, FixedKeys, keys_from_file, usable
from shared.adapters.http.policy import Principal
from shared.contracts.party import Party

NOW = 1_800_000_000.0
RSA = RSAKey.generate_key(2048, private=True, auto_kid=True)
EC = ECKey.generate_key("P-256", private=True, auto_kid=True)
CLAIMS = {
    "iss": "https://id.example", "aud": "suyuan", "sub": "u-1", "tenant": "acme",
    "roles": ["auditor", "made-up"], "exp": NOW + 60,
}  # fmt: skip
WRITTEN = (
    "a party is written KIND:CODE, such as supplier:S-001; "
    "the kinds are department, post, supplier, carrier, dealer, designer"
)


class Time:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def authenticator(time) -> Authenticator:
    public = usable({"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]})
    return Authenticator(FixedKeys(public), issuer="https://id.example", audience="suyuan", leeway=30, now=time)


def signed(key=RSA, algorithm="RS256", **changes) -> bytes:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return f"Bearer {jwt.encode({'alg': algorithm, 'kid': key.kid}, claims, key, algorithms=[algorithm])}".encode()


def forged(header: dict, claims: dict, signature: bytes = b"") -> bytes:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return b"Bearer " + b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


async def refused(authenticator: Authenticator, token: bytes | None) -> str:
    with pytest.raises(Unauthenticated) as error:
        await authenticator.principal(token)
    return error.value.why_en


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
async def test_a_good_token_gives_tenant_subject_and_known_roles(authenticator, key, algorithm):
    principal = await authenticator.principal(signed(key, algorithm))
    assert principal == Principal("acme", "u-1", frozenset({"auditor"}))


async def test_rule_13_a_token_names_parties_by_kind_and_code(authenticator):
    principal = await authenticator.principal(signed(roles=["supplier"], parties=["supplier:S-1", "supplier:s-1"]))
    assert principal.parties == {Party(kind="supplier", code="S-1"), Party(kind="supplier", code="s-1")}
    assert principal.shares_shown == principal.parties
    assert (await authenticator.principal(signed())).shares_shown is None


async def test_alg_none_is_refused(authenticator):
    for alg in ("none", "None", "NONE", ""):
        assert await refused(authenticator, forged({"alg": alg}, CLAIMS)) == "the signature algorithm is not allowed"


async def test_hs256_with_the_public_key_as_secret_is_refused(authenticator):
    unsigned = forged({"alg": "HS256", "kid": RSA.kid}, CLAIMS).removeprefix(b"Bearer ").rstrip(b".")
    tag = hmac.digest(RSA.as_pem(private=False), unsigned, "sha256")
    confused = b"Bearer " + unsigned + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")
    assert await refused(authenticator, confused) == "the signature algorithm is not allowed"


async def test_other_algorithms_are_refused(authenticator):
    for algorithm in ("RS512", "PS256"):
        assert "not allowed" in await refused(authenticator, signed(RSA, algorithm))


async def test_a_key_of_somebody_else_is_refused(authenticator):
    stranger = RSAKey.import_key({**RSAKey.generate_key(2048, private=True).as_dict(private=True), "kid": RSA.kid})
    assert await refused(authenticator, signed(stranger)) == "the signature can't be verified"


async def test_a_key_inside_the_token_is_not_believed(authenticator):
    stranger = RSAKey.generate_key(2048, private=True)
    header = {"alg": "RS256", "jwk": stranger.as_dict(private=False)}
    token = jwt.encode(header, CLAIMS, stranger, algorithms=["RS256"])
    await refused(authenticator, f"Bearer {token}".encode())


async def test_changed_claims_are_refused(authenticator):
    head, _, tail = signed().decode().removeprefix("Bearer ").split(".")
    changed = base64.urlsafe_b64encode(json.dumps(CLAIMS | {"roles": ["admin"]}).encode()).rstrip(b"=").decode()
    assert "can't be verified" in await refused(authenticator, f"Bearer {head}.{changed}.{tail}".encode())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"aud": "other"}, "the audience is another one"),
        ({"aud": ["a", "b"]}, "the audience is another one"),
        ({"aud": None}, "the audience is another one"),
        ({"iss": "https://evil.example"}, "the issuer is another one"),
        ({"exp": NOW - 31}, "the token has expired"),
        ({"exp": None}, "exp is missing or not a number"),
        ({"exp": "tomorrow"}, "exp is missing or not a number"),
        ({"exp": float("nan")}, "exp is missing or not a number"),
        ({"exp": float("inf")}, "exp is missing or not a number"),
        ({"exp": 10**400}, "exp is missing or not a number"),
        ({"exp": True}, "exp is missing or not a number"),
        ({"exp": NOW + 60, "nbf": -(10**400)}, "nbf or iat is not a number"),
        ({"nbf": NOW + 31}, "the token is not valid yet"),
        ({"tenant": None}, "the claim tenant is missing or malformed"),
        ({"tenant": "a b"}, "the claim tenant is missing or malformed"),
        ({"sub": None}, "the claim sub is missing or malformed"),
        ({"roles": "admin"}, "the claim roles is missing"),
        ({"parties": "supplier:S-1"}, "the claim parties is not a list of texts"),
        ({"parties": {}}, "the claim parties is not a list of texts"),
        ({"parties": ""}, "the claim parties is not a list of texts"),
        ({"parties": [7]}, "the claim parties is not a list of texts"),
        ({"parties": [["supplier", "S-1"]]}, "the claim parties is not a list of texts"),
        ({"parties": ["S-1"]}, f"the claim parties is wrong: {WRITTEN}"),
        ({"parties": ["supplier:S-1", "supplier:"]}, f"the claim parties is wrong: {WRITTEN}"),
        ({"parties": ["supplier:Ｓ-1"]}, f"the claim parties is wrong: {WRITTEN}"),
        (
            {"parties": ["department:press"], "roles": ["supplier", "quality_manager"]},
            "the claim parties is wrong: the role supplier can't speak for department:press",
        ),
        (
            {"parties": ["supplier:S-1"], "roles": ["department_lead"]},
            "the claim parties is wrong: the role department_lead can't speak for supplier:S-1",
        ),
    ],
)
async def test_a_wrong_claim_is_refused(authenticator, change, why):
    assert await refused(authenticator, signed(**change)) == why


@pytest.mark.parametrize(
    "token", [None, b"", b"Basic x", b"Bearer", b"Bearer a.b", b"Bearer \xff", b"Bearer " + b"x" * 9000]
)
async def test_what_is_no_token_is_refused(authenticator, token):
    await refused(authenticator, token)


async def test_a_remembered_token_expires(authenticator, time):
    token = signed()
    await authenticator.principal(token)
    time.now = NOW + 89
    assert authenticator.remembered(token) is not None
    time.now = NOW + 91
    assert authenticator.remembered(token) is None
    assert await refused(authenticator, token) == "the token has expired"


async def test_remembered_tokens_are_bounded(authenticator):
    principal = Principal("t", "s", frozenset())
    for nth in range(REMEMBERED_TOKENS + 5):
        authenticator._remember(str(nth).encode(), NOW + 60, principal)
    assert authenticator.remembered(b"4") is None
    assert authenticator.remembered(b"5") == principal


async def test_a_new_key_is_fetched_once_it_is_named_but_not_more_than_every_half_minute(time):
    published = {"keys": [RSA.as_dict(private=False)]}
    asked = []

    def fetch(url: str) -> dict:
        asked.append(url)
        return published

    keys = FetchedKeys("https://id.example/jwks", now=time, fetch=fetch)
    assert [key.kid for key in await keys.find(RSA.kid)] == [RSA.kid]
    assert await keys.find(EC.kid) == []
    assert len(asked) == 1
    published["keys"].append(EC.as_dict(private=False))
    time.now += 30
    assert [key.kid for key in await keys.find(EC.kid)] == [EC.kid]
    assert len(asked) == 2


async def test_known_keys_outlive_an_issuer_that_is_down(time):
    up = True

    def fetch(_: str) -> dict:
        if not up:
            raise OSError("down")
        return {"keys": [EC.as_dict(private=False)]}

    keys = FetchedKeys("https://id.example/jwks", now=time, fetch=fetch)
    await keys.find(EC.kid)
    up = False
    time.now += 3600
    assert len(await keys.find(EC.kid)) == 1
    with pytest.raises(Unavailable):
        await FetchedKeys("https://id.example/jwks", now=time, fetch=fetch).find(EC.kid)


@pytest.mark.filterwarnings("ignore:Key size should be")  # joserfc warns of a weak key, we leave it out
def test_weak_and_foreign_keys_are_left_out():
    number = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_numbers().n  # noqa: S505 - weak on purpose
    weak = {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(number.to_bytes(128, "big")).decode().rstrip("=")}
    with pytest.raises(ValueError, match="no RS256 or ES256 key"):
        usable({"keys": [weak, {"kty": "oct", "k": "AAAA"}, ECKey.generate_key("P-384").as_dict(private=False)]})


@pytest.mark.parametrize("key", [RSA, EC])
async def test_keys_come_from_a_pem_or_jwks_file(tmp_path, key):
    pem, jwks = tmp_path / "key.pem", tmp_path / "keys.json"
    pem.write_bytes(key.as_pem(private=False))
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    for path in (pem, jwks):
        assert len(await keys_from_file(path).find(key.kid)) == 1


async def test_over_http_401_and_403_are_problems(anyone, issuer, good):
    answer = await anyone.get("/api/v1/complaints")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="suyuan"')
    answer = await anyone.get("/api/v1/complaints", headers={"Authorization": "Bearer x"})
    assert answer.headers["www-authenticate"] == 'Bearer realm="suyuan", error="invalid_token"'
    auditor = {"Authorization": f"Bearer {issuer.token(['auditor'])}", "Accept-Language": "en"}
    answer = await anyone.post("/api/v1/complaints", json=good, headers=auditor)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "This operation needs one of the roles: admin, service_agent",
    )


async def test_roles_are_checked_before_the_body(anyone, issuer):
    headers = {"Authorization": f"Bearer {issuer.token(['auditor'])}", "Content-Type": "application/json"}
    assert (await anyone.post("/api/v1/complaints", content=b"{", headers=headers)).status_code == 403


def test_the_clock_of_the_issuer_is_utc(issuer):
    claims = json.loads(base64.urlsafe_b64decode(issuer.token(["admin"]).split(".")[1] + "=="))
    assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 60  # noqa: TID251 - compared with the wall clock


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    [10**400, -(10**400), 2**64, float("nan"), float("inf"), float("-inf"), "soon", str(NOW + 60), True, [], {}],
    ids=lambda value: str(value)[:12],
)
async def test_a_time_that_is_no_number_of_seconds_is_refused(authenticator, claim, value):
    header = {"alg": "RS256", "kid": RSA.kid}
    payload = json.dumps(CLAIMS | {claim: value}).encode()
    token = b"Bearer " + jws.serialize_compact(header, payload, RSA, algorithms=["RS256"]).encode()
    await refused(authenticator, token)
    with pytest.raises(Unauthenticated):
        await authenticator.principal(token)


@pytest.mark.parametrize("value", [-1, -(10**15)])
async def test_a_token_of_before_1970_has_expired(authenticator, value):
    assert await refused(authenticator, signed(exp=value)) == "the token has expired"
