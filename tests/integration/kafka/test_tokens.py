"""SASL/OAUTHBEARER with our own token provider: client credentials from an issuer over HTTP, checked by the broker."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request, Response
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.kafka.local import SOON_READY, LocalKafka
from deploy.kafka.security import Security, Tokens
from deploy.serving import listening
from shared.adapters.kafka.connection import ClientCredentials, client_arguments, producing
from shared.adapters.kafka.settings import KafkaSettings
from tests.integration.kafka.records import make_topic, read

CLIENT, SECRET = "suyuan-intake", 'se:cret "x"/='
AUDIENCE = "suyuan-kafka"
TOPIC = "tokens"


@dataclass
class Issuer:
    """`asked` are the forms that tokens were asked for with; `lasts`: how many seconds the next one says it holds."""

    key: ECKey
    url: str = ""
    lasts: int = 300
    asked: list[dict[str, str]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/token")
        async def token(request: Request) -> Response:
            expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            if request.headers.get("authorization") != f"Basic {expected}":
                return Response(status_code=401)
            self.asked.append({name: str(value) for name, value in (await request.form()).items()})
            now = int(time.time())
            claims = {"sub": CLIENT, "aud": AUDIENCE, "iss": self.url, "iat": now, "exp": now + 300}
            signed = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, self.key)
            return Response(json.dumps({"access_token": signed, "token_type": "Bearer", "expires_in": self.lasts}))

        return app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def issuer() -> AsyncIterator[Issuer]:
    one = Issuer(ECKey.generate_key("P-256", {"kid": "k1"}))
    place = listening(0)
    one.url = f"http://127.0.0.1:{place.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(one.app(), log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve([place]))
    yield one
    server.should_exit = True
    await serving


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def broker(base: Path, issuer: Issuer) -> AsyncIterator[LocalKafka]:
    jwks = base / "issuer.json"
    jwks.write_text(json.dumps(KeySet([issuer.key]).as_dict(private=False)))
    tokens = Tokens(jwks=jwks, audience=AUDIENCE, issuer=issuer.url)
    security = Security(mechanisms=("OAUTHBEARER",), tokens=tokens, super_users=(f"User:{CLIENT}",))
    async with LocalKafka(base / "tokens", security=security, java_options=SOON_READY) as kafka:
        await make_topic(kafka.internal_bootstrap, TOPIC)
        yield kafka


def settings(broker: LocalKafka, issuer: Issuer, **more: str) -> KafkaSettings:
    told = {
        "bootstrap": broker.bootstrap,
        "sasl_mechanism": "OAUTHBEARER",
        "oauth_token_url": f"{issuer.url}/token",
        "oauth_client_id": CLIENT,
        "oauth_client_secret": SECRET,
        "oauth_scope": "kafka",
    }
    return KafkaSettings(**{**told, **more})


async def test_who_has_the_issuers_token_is_let_in(broker, issuer):
    async with producing(settings(broker, issuer)) as producer:
        await producer.send_and_wait(TOPIC, b"1")
    assert await read(broker.internal_bootstrap, TOPIC) == [b"1"]
    assert issuer.asked[-1] == {"grant_type": "client_credentials", "scope": "kafka"}


async def test_a_token_is_kept_while_it_holds_and_renewed_before_it_ends(broker, issuer):
    provider = client_arguments(settings(broker, issuer))["sasl_oauth_token_provider"]
    issuer.asked.clear()
    assert await provider.token() == await provider.token()
    assert len(issuer.asked) == 1
    issuer.lasts = 20  # less than the time by which it is renewed early
    short = ClientCredentials(settings(broker, issuer))
    await short.token()
    await short.token()
    issuer.lasts = 300
    assert len(issuer.asked) == 3


async def test_a_wrong_secret_is_said_to_whoever_asks(broker, issuer):
    wrong = ClientCredentials(settings(broker, issuer, oauth_client_secret="wrong"))
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        await wrong.token()
