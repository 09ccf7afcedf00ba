"""A record of another system becomes a message, or an error that names every wrong place."""

from __future__ import annotations

import base64

import msgspec
import pytest

from shared.adapters.cloudevents import ATTRIBUTE_LENGTH, cloud_event, expect_type
from shared.adapters.http.edge_errors import UnsupportedMediaType
from shared.adapters.messages import CloudEvent, InvalidMessage

SAID = {"specversion": "1.0", "id": "1", "source": "/crm", "type": "a.b"}
STRUCTURED = [("content-type", b"application/cloudevents+json")]
DATA = '{"名": 1.50}'.encode()


def binary(**more):
    said = {name: text for name, text in (SAID | more).items() if text is not None}
    return [(f"ce_{name}", text if isinstance(text, bytes) else text.encode()) for name, text in said.items()]


def structured(**more):
    said = {name: told for name, told in (SAID | more).items() if told is not None}
    return STRUCTURED, msgspec.json.encode(said)


def places(headers, value):
    with pytest.raises(InvalidMessage) as wrong:
        cloud_event(headers, value)
    return [(one.where, one.field, one.code) for one in wrong.value.errors]


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        (binary(tenant="t1", n="5"), DATA),
        ([*binary(tenant="t1", n="5"), ("content-type", b"application/json; charset=utf-8")], DATA),
        ([*binary(tenant="t1", n="5"), ("Content-Type", b"application/vnd.acme+json")], DATA),
        structured(tenant="t1", n=5, none=None, data=msgspec.Raw(DATA)),
        structured(tenant="t1", n=5, data_base64=base64.b64encode(DATA).decode()),
    ],
    ids=["binary", "typed", "vendor's", "structured", "base64"],
)
def test_every_mode_tells_the_same_event_with_its_datas_own_bytes(headers, value):
    assert cloud_event(headers, value) == CloudEvent("1", "/crm", "a.b", {"tenant": "t1", "n": "5"}, DATA)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"id": None, "source": ""}, [("id", "missing"), ("source", "missing")]),
        ({"specversion": "0.3"}, [("specversion", "literal-error")]),
        ({"time": "2026-01-02"}, [("time", "datetime-parsing")]),
        ({"Traceparent": "x"}, [("Traceparent", "attribute-name")]),
        ({"id": "a\x1fb"}, [("id", "control-character")]),
        ({"source": "s" * (ATTRIBUTE_LENGTH + 1)}, [("source", "string-too-long")]),
    ],
)
def test_every_wrong_attribute_is_named_in_either_mode(more, named):
    wanted = [("attribute", name, code) for name, code in named]
    assert places(binary(**more), DATA) == wanted
    assert places(*structured(**more, data={})) == wanted


def test_an_attribute_given_twice_or_in_no_utf_8_is_named():
    twice = [*binary(), ("ce_id", b"2"), ("ce_subject", b"\xff")]
    assert places(twice, DATA) == [("attribute", "id", "duplicate-key"), ("attribute", "subject", "invalid-utf8")]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (b"\xff", [("body", "", "invalid-utf8")]),
        (b"[]", [("body", "", "model-type")]),
        (b'{"id": "1", "id": "2"}', [("attribute", "id", "duplicate-key")]),
        (b'{"data": {"a": [NaN]}}', [("body", "/a/0", "not-a-number")]),
        (msgspec.json.encode(SAID | {"ext": {"a": 1}}), [("attribute", "ext", "string-type")]),
        (msgspec.json.encode(SAID | {"id": 1}), [("attribute", "id", "string-type")]),
        (msgspec.json.encode(SAID | {"data": 1, "data_base64": "MQ=="}), [("attribute", "data_base64", "one-of-two")]),
        (msgspec.json.encode(SAID | {"data_base64": "?"}), [("attribute", "data_base64", "base64")]),
        (msgspec.json.encode(SAID), [("body", "", "missing")]),
    ],
)
def test_a_broken_envelope_is_named_by_place_the_data_from_their_own_root(value, named):
    assert places(STRUCTURED, value) == named


def test_without_a_value_the_data_are_missing():
    assert places(binary(), None) == [("body", "", "missing")]


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/cloudevents-batch+json",
        b"application/cloudevents+avro",
        b"application/xml",
        b"application/json; charset=gbk",
    ],
)
def test_another_format_is_refused(content_type):
    with pytest.raises(UnsupportedMediaType):
        cloud_event([*binary(), ("content-type", content_type)], DATA)


def test_another_type_is_another_contract():
    event = cloud_event(binary(), DATA)
    expect_type(event, "a.b")
    with pytest.raises(InvalidMessage):
        expect_type(event, "a.c")


def test_the_key_is_of_source_and_id_together():
    keys = {cloud_event(binary(source=s, id=i), DATA).key for s, i in [("/a", "b"), ("/a/b", "1"), ("/b", "a")]}
    assert len(keys) == 3
    assert cloud_event(binary(time="2026-01-02T03:04:05Z"), b"{}").key == cloud_event(binary(), DATA).key
