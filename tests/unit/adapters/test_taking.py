"""For whom and under which key a message is taken: the topic's settings say, never the message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import asyncpg
import pytest
from pydantic import ValidationError

from shared.adapters.http.call import mac
from shared.adapters.http.edge_errors import BodyTooLarge, InvalidRequest
from shared.adapters.kafka.inbound_settings import InboundSettings, InboundSource
from shared.adapters.kafka.taking import Taking, came_at, is_for_later
from shared.adapters.messages import MessageReused, MessageRule, OtherTenant
from shared.kernel import errors as kernel

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SOURCE = InboundSource(topic="in", kind="complaints", tenant="acme", subject="crm", roles=("service_agent", "admin"))
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass
class Sent:
    headers: list
    value: bytes | None
    topic: str = "in"
    partition: int = 0
    offset: int = 7
    timestamp: int = 1_700_000_000_000
    key: bytes | None = None


def sent(value=b'{"a": 1}', **more) -> Sent:
    said = {"specversion": "1.0", "id": "1", "source": "/crm", "type": "a.b", **more}
    return Sent([(f"ce_{name}", text.encode()) for name, text in said.items()], value)


async def given(record: Sent, error: Exception | None = None):
    """What the service was handed."""
    handed = []

    async def take(context, message) -> bool:
        if error is not None:
            raise error
        handed.append((context, message))
        return True

    rule = MessageRule("complaints", "a.b", "", ("service_agent",), take)
    assert await Taking(SOURCE, rule, partial(mac, b"s" * 32), 100, lambda: NOW).take(record)
    return handed[0]


async def test_tenant_actor_and_roles_are_the_topics():
    context, _ = await given(sent())
    assert (context.tenant, context.actor.subject, context.actor.roles) == ("acme", "crm", ("admin", "service_agent"))
    assert (context.now, context.key.scope, context.expected) == (NOW, "inbound:complaints", None)


@pytest.mark.parametrize("claimed", ["beta", "", "ACME"])
async def test_a_message_of_another_tenant_is_refused(claimed):
    with pytest.raises(OtherTenant):
        await given(sent(tenant=claimed))
    assert (await given(sent(tenant="acme")))[0].tenant == "acme"


async def test_the_key_is_of_source_and_id_and_the_fingerprint_of_the_content():
    first, again, other, elsewhere = [
        (await given(one))[0]
        for one in (
            sent(b'{"a": 1, "b": 2}'),
            sent(b'{ "b":2,"a":1 }', time="2026-01-01T00:00:00Z"),
            sent(b'{"a": 2}'),
            sent(b'{"a": 1, "b": 2}', source="/erp"),
        )
    ]
    assert (first.key, first.command_id) == (again.key, again.command_id)
    assert first.key.key == other.key.key
    assert first.key.fingerprint != other.key.fingerprint
    assert first.key.key != elsewhere.key.key


async def test_what_belongs_together_is_the_trace_else_the_message():
    context, _ = await given(sent(traceparent=TRACE))
    assert (context.correlation_id.hex, context.traceparent) == (TRACE[3:35], TRACE)
    context, _ = await given(sent(traceparent="nonsense"))
    assert (context.correlation_id, context.traceparent) == (context.command_id, None)


async def test_it_came_when_the_topic_got_it_and_never_in_the_future():
    _, message = await given(sent())
    assert message.at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert came_at(-1, NOW) == came_at(10**15, NOW) == NOW


async def test_too_large_and_broken_messages_never_reach_the_service():
    with pytest.raises(BodyTooLarge):
        await given(sent(b'"' + b"x" * 100 + b'"'))
    with pytest.raises(InvalidRequest):
        await given(sent(b'{"a": 1, "a": 2}'))


async def test_a_used_key_is_said_as_a_message_that_was_sent_before():
    with pytest.raises(MessageReused):
        await given(sent(), kernel.KeyReused(scope="s", key="k"))


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (kernel.StoreUnavailable(), True),
        (kernel.AppendUnknown(), True),
        (kernel.StoreFull(), True),
        (kernel.WritingPaused(why=kernel.StoreUnavailable()), True),
        (kernel.VersionConflict(stream="s", expected=1, actual=2), True),
        (kernel.ViewBehind(service="s", position=1), True),
        (ConnectionResetError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.InvalidPasswordError(), True),
        (asyncpg.DataError(), False),
        (kernel.KeyReused(scope="s", key="k"), False),
        (kernel.EventTooLarge(type="t", size=2, limit=1), False),
        (kernel.KeyOwnerErased(owner="o"), False),
        (BodyTooLarge(limit=1), False),
        (ZeroDivisionError(), False),
    ],
    ids=lambda told: type(told).__name__ if isinstance(told, Exception) else "",
)
def test_what_http_calls_unavailable_is_waited_for_and_nothing_else(error, later):
    assert is_for_later(error) is later


def test_topics_are_configured_by_variable_or_file_each_once(tmp_path, monkeypatch):
    file = tmp_path / "inbound.json"
    file.write_text(f"[{SOURCE.model_dump_json()}]")
    assert InboundSettings().sources == ()
    assert InboundSettings(inbound_file=file).sources == (SOURCE,)
    monkeypatch.setenv("SUYUAN_INBOUND", "")
    monkeypatch.setenv("SUYUAN_INBOUND_FILE", str(file))
    assert InboundSettings().sources == (SOURCE,)
    monkeypatch.setenv("SUYUAN_INBOUND", f"[{SOURCE.model_copy(update={'topic': 'other'}).model_dump_json()}]")
    assert [one.topic for one in InboundSettings(inbound_file=file).sources] == ["other", "in"]
    monkeypatch.setenv("SUYUAN_INBOUND", f"[{SOURCE.model_copy(update={'tenant': 'beta'}).model_dump_json()}]")
    with pytest.raises(ValidationError, match="twice"):
        InboundSettings(inbound_file=file)


@pytest.mark.parametrize(
    ("name", "told", "said"),
    [
        ("INBOUND", "[{", "JSON"),
        ("INBOUND", "{}", "valid"),
        ("INBOUND_FILE", "/nowhere/x.json", "INBOUND_FILE /nowhere"),
    ],
)
def test_settings_that_can_not_be_read_are_said(monkeypatch, name, told, said):
    monkeypatch.setenv(f"SUYUAN_{name}", told)
    with pytest.raises(ValidationError, match=said):
        InboundSettings()


@pytest.mark.parametrize("wrong", [{"roles": []}, {"roles": ["king"]}, {"tenant": ""}, {"topic": "a b"}, {"kind": "x"}])
def test_a_source_that_can_not_be_right_is_refused(wrong):
    with pytest.raises(ValidationError):
        InboundSource.model_validate_json(json.dumps(SOURCE.model_dump() | wrong))
