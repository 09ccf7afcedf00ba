"""The published schema of what other systems send says what the services take: no more, no less."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from deploy.cli import main
from services.intake.entrypoints.bodies import RegisterBody
from services.intake.entrypoints.consumer import COMPLAINT_TYPE, FORM
from shared.adapters.kafka.inbound_settings import InboundSettings
from tests.pages import ROOT, blocks

SCHEMA = json.loads((ROOT / "docs" / "inbound" / f"{COMPLAINT_TYPE}.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
MESSAGE = {"specversion": "1.0", "id": "1", "source": "/crm", "type": COMPLAINT_TYPE}
DATA = {
    "channel": "email",
    "customer": {"name": "华东医药"},
    "description": "包装破损",
    "items": [{"product": "API-20", "quantity_affected": "3"}],
}


def test_the_committed_schemas_are_in_step():
    assert main(["schemas", "--check"]) == 0


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)
    assert VALIDATOR.is_valid(MESSAGE | {"data": DATA, "tenant": "acme", "traceparent": "00-…"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "pigeon"},
        {"customer": {}},
        {"customer": {"name": "a", "age": 5}},
        {"items": []},
        {"items": [{"product": "x", "quantity_affected": "0"}]},
        {"items": [{"product": "", "quantity_affected": "1"}]},
        {"harm": "none", "unknown": 1},
        {"description": None},
        {"sample_available": "yes"},
    ],
)
def test_what_the_schema_refuses_the_service_refuses_too(wrong):
    data = DATA | wrong
    with pytest.raises(ValidationError):
        FORM.validate_json(json.dumps(data))
    numbers_are_texts = "items" in wrong and wrong["items"] and wrong["items"][0]["quantity_affected"] == "0"
    assert VALIDATOR.is_valid(MESSAGE | {"data": data}) is bool(numbers_are_texts)


def test_every_field_of_the_form_is_in_the_schema():
    assert set(SCHEMA["$defs"]["RegisterBody"]["properties"]) == set(RegisterBody.model_fields)
    assert SCHEMA["required"] == ["specversion", "id", "source", "type", "data"]


def test_the_page_for_senders_shows_what_is_taken(monkeypatch):
    settings, message = blocks("sending.md", "json")
    monkeypatch.setenv("SUYUAN_INBOUND", settings)
    assert [(one.kind, one.tenant) for one in InboundSettings().sources] == [("complaints", "acme")]
    VALIDATOR.validate(json.loads(message))
    assert FORM.validate_json(json.dumps(json.loads(message)["data"])).items[0].lot == "L-7"
