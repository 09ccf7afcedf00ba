"""The AsyncAPI document: in step with the contracts, well formed, and true of every event."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jsonschema import Draft7Validator, ValidationError

from deploy.cli import main
from deploy.commands import asyncapi as asyncapi_command
from deploy.commands.asyncapi import FILE, text
from deploy.setup.web_files import NotFetchedError, Pin, fetch
from shared.adapters.heads import SignedHead
from shared.adapters.kafka.topics import TopicNames
from shared.contracts.catalogue import EVENT_TYPES, SERVICES
from shared.kernel import codec
from shared.kernel.marked import marked_fields
from shared.kernel.recorded import decode_meta, encode_meta
from tests.contract.examples import example
from tests.contract.stores import AT, prepared
from tests.pages import ROOT
from tests.wire import DOCUMENT, validate

ASYNCAPI = Pin(
    package="@asyncapi/specs",
    version="6.11.1",
    integrity="sha512-A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ==",
    member="package/schemas/3.0.0.json",
    file="asyncapi-3.0.0.json",
)


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    """AsyncAPI's own JSON Schema of a document, fetched once into the cache."""
    kept = ROOT / ".cache" / "asyncapi"
    try:
        file = kept / ASYNCAPI.file
        return json.loads((file if file.exists() else fetch(ASYNCAPI, kept)).read_text(encoding="utf-8"))
    except NotFetchedError as missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))


def test_the_committed_document_is_the_contracts():
    assert (ROOT / FILE).read_text(encoding="utf-8") == text(), "run make asyncapi"
    assert "$(PY) -m deploy asyncapi --check" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_a_document_that_is_behind_the_contracts_fails_the_check(monkeypatch, capsys):
    assert main(["asyncapi", "--check"]) == 0
    monkeypatch.setattr(asyncapi_command, "text", lambda: text().replace("投诉已登记", "投诉已改名"))
    assert main(["asyncapi", "--check"]) == 1
    assert "run make asyncapi" in capsys.readouterr().err


def test_it_is_an_asyncapi_3_document_by_asyncapis_own_schema(asyncapi):
    Draft7Validator(asyncapi).validate(DOCUMENT)


def test_that_schema_would_find_a_wrong_action_and_a_missing_channel(asyncapi):
    wrong = json.loads(json.dumps(DOCUMENT))
    wrong["operations"]["publish.intake"]["action"] = "shout"
    with pytest.raises(ValidationError):
        Draft7Validator(asyncapi).validate(wrong)
    del wrong["operations"]["publish.intake"]["channel"]
    wrong["operations"]["publish.intake"]["action"] = "send"
    with pytest.raises(ValidationError):
        Draft7Validator(asyncapi).validate(wrong)


def test_every_topic_that_we_write_or_read_is_a_channel():
    names = TopicNames()
    ours = {*(names.events(service) for service in SERVICES), names.heads, names.export("{tenant}"), names.rejected}
    theirs = {names.inbound_complaints, names.inbound_epcis}
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == ours | theirs
    received = {one["channel"]["$ref"] for one in DOCUMENT["operations"].values() if one["action"] == "receive"}
    assert {DOCUMENT["channels"][one.rpartition("/")[2]]["address"] for one in received} == theirs


def test_a_complaint_of_another_system_is_what_its_published_schema_says():
    file = ROOT / "docs" / "inbound" / "suyuan.complaint.v1.json"
    own = json.loads(file.read_text(encoding="utf-8"))
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["suyuan.complaint.v1"]["required"] == own["required"]
    for name, part in own["$defs"].items():
        said = json.dumps(part).replace("#/$defs/", "#/components/schemas/inbound.")
        assert schemas[f"inbound.{name}"] == json.loads(said)


def test_every_event_is_a_message_of_its_service_and_of_the_export():
    channels = DOCUMENT["channels"]
    for service in SERVICES:
        own = {name for name, kind in EVENT_TYPES.items() if kind.service == service}
        assert set(channels[service]["messages"]) == own
    assert set(channels["export"]["messages"]) == {f"{name}.exported" for name in EVENT_TYPES}


def test_every_reference_leads_somewhere():
    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    assert len(set(references(DOCUMENT))) > 2 * len(EVENT_TYPES)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_title_is_in_both_languages():
    titled = [*DOCUMENT["channels"].values(), *DOCUMENT["components"]["messages"].values()]
    assert [one["title"] for one in titled if not re.fullmatch(r".*[一-鿿].* · .+|CAPA.* · .+", one["title"])] == []


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_an_events_schema_is_the_committed_one(name):
    """But for where its parts stand, and what it says of itself as a file of its own."""
    kind = EVENT_TYPES[name]
    file = ROOT / "shared" / "contracts" / "schemas" / f"{name}.v{kind.version}.json"
    own = json.loads(file.read_text(encoding="utf-8"))
    parts = own.pop("$defs", {})
    for key in ("$schema", "$id"):
        del own[key]
    schemas = DOCUMENT["components"]["schemas"]
    for found, meant in (
        (schemas[name], own),
        *((schemas[f"{kind.service}.{part}"], parts[part]) for part in parts),
    ):
        said = json.dumps(meant).replace("#/$defs/", f"#/components/schemas/{kind.service}.")
        assert found == json.loads(said)


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_an_event_is_as_its_message_says(name):
    validate({"$ref": f"#/components/schemas/{name}"}, json.loads(codec.encode(example(EVENT_TYPES[name].cls))))


def test_what_is_exported_has_no_marked_field():
    marked = {name for name, kind in EVENT_TYPES.items() if marked_fields(kind.cls)}
    schemas = DOCUMENT["components"]["schemas"]
    assert "intake.ComplaintRegistered" in marked
    assert {name.removesuffix(".exported") for name in schemas if name.endswith(".exported")} >= marked
    for name in marked:
        kind = EVENT_TYPES[name]
        for cls, left_out in marked_fields(kind.cls).items():
            key = f"{name}.exported" if cls == kind.cls.__name__ else f"{kind.service}.{cls}.exported"
            assert not left_out & {*schemas[key]["properties"], *schemas[key]["required"]}


def test_meta_and_a_signed_head_are_as_their_schemas_say():
    meta = decode_meta(prepared("t-1", "s-1", 1).meta)
    validate({"$ref": "#/components/schemas/Meta"}, json.loads(encode_meta(meta)))
    head = SignedHead(tenant="t-1", service="intake", position=3, hash="0" * 64, signed_at=AT, signature="c2lnbmVk")
    validate({"$ref": "#/components/schemas/SignedHead"}, json.loads(msgspec.json.encode(head)))
