"""One raw row against a mapping: typed values in UTC, or errors that name column, value and problem."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.investigation.domain.facts import errors
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.rows import Interpreter, interpret

NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
ORDER = {
    "mapping": "test-order",
    "version": 1,
    "kind": "production_order",
    "system": "MES",
    "source": "T-MES",
    "time_zone": "Asia/Shanghai",
    "fields": {
        "order": {"column": "no"},
        "lot": {"template": "B-{batch}"},
        "product": {"value": "P1"},
        "quantity": {"column": "qty", "type": "decimal", "unit": "pcs"},
        "sequence": {"column": "seq"},
        "made_at": {"column": "done", "type": "datetime", "format": "%Y-%m-%d %H:%M"},
    },
}
GOOD = {"no": "MO1", "batch": " 17 ", "qty": "12.50", "seq": "3", "done": "2024-05-02 08:30"}


def read(changes=None, document=ORDER, now=NOW):
    return interpret(parse(document), GOOD | (changes or {}), now)


def refused(changes, document=ORDER):
    outcome = read(changes, document)
    assert outcome.records == ()
    (error,) = outcome.errors
    return error


def with_field(**fields):
    return ORDER | {"fields": ORDER["fields"] | fields}


def test_a_good_row_becomes_a_canonical_record_in_utc():
    (record,) = read().records
    assert record == {
        "order": "MO1",
        "lot": "B-17",
        "product": "P1",
        "product_name": None,
        "model": None,
        "specification": None,
        "quantity": Decimal("12.50"),
        "unit": "pcs",
        "sequence": 3,
        "line": None,
        "started_at": None,
        "made_at": datetime(2024, 5, 2, 0, 30, tzinfo=UTC),
    }


def test_the_natural_key_is_made_of_the_key_fields():
    mapping = parse(ORDER)
    assert mapping.natural_key(interpret(mapping, GOOD, NOW).records[0]) == '["MO1","B-17"]'


@pytest.mark.parametrize(
    ("changes", "error", "column"),
    [
        ({"no": "NaN"}, errors.ValueMissing, "no"),
        ({"batch": ""}, errors.ValueMissing, "B-{batch}"),
        ({"qty": "-1"}, errors.NegativeQuantity, "qty"),
        ({"qty": "12,5"}, errors.NotANumber, "qty"),
        ({"qty": "Infinity"}, errors.NotANumber, "qty"),
        ({"qty": "sNaN"}, errors.NotANumber, "qty"),
        ({"qty": "１２"}, errors.NotANumber, "qty"),
        ({"qty": "1e19"}, errors.NumberTooLarge, "qty"),
        ({"qty": "1e-13"}, errors.NumberTooLarge, "qty"),
        ({"seq": "3.5"}, errors.NotAnInteger, "seq"),
        ({"no": "x" * 65}, errors.TextTooLong, "no"),
        ({"no": "a\x00b"}, errors.UnkeepableText, "no"),
        ({"no": "a\ud800"}, errors.UnkeepableText, "no"),
        ({"no": "sealed:1:a"}, errors.UnkeepableText, "no"),
        ({"done": "2024-06-01 20:01"}, errors.InTheFuture, "done"),
        ({"done": "2024-02-30 10:00"}, errors.NotATime, "done"),
        ({"done": "2024-05-02 1020Z"}, errors.NotATime, "done"),
        ({"done": "0001-01-01 00:00"}, errors.NotATime, "done"),
    ],
)
def test_a_wrong_cell_is_refused_by_column(changes, error, column):
    found = refused(changes)
    assert type(found) is error
    assert found.column == column
    assert column in found.text("en")
    assert column in found.text("zh")


def test_every_wrong_cell_of_a_row_is_reported():
    assert [e.column for e in read({"qty": "x", "done": "y", "no": ""}).errors] == ["no", "qty", "done"]


def test_a_missing_column_is_named():
    row = {key: value for key, value in GOOD.items() if key != "qty"}
    (error,) = interpret(parse(ORDER), row, NOW).errors
    assert isinstance(error, errors.ColumnMissing)
    assert error.text("zh") == "文件中没有列「qty」（quantity）"


def test_an_error_keeps_a_short_and_printable_value():
    assert refused({"no": "\x00" + "y" * 500}).value == "\\u0000" + "y" * 79


def test_a_time_of_just_now_is_not_in_the_future():
    assert read({"done": "2024-06-01 20:00"}).records[0]["made_at"] == NOW


def test_a_local_time_skipped_by_daylight_saving_is_refused():
    berlin = ORDER | {"time_zone": "Europe/Berlin"}
    assert isinstance(refused({"done": "2024-03-31 02:30"}, berlin), errors.NoSuchLocalTime)


def test_a_local_time_that_occurs_twice_is_the_first():
    berlin = ORDER | {"time_zone": "Europe/Berlin"}
    made = read({"done": "2023-10-29 02:30"}, berlin).records[0]["made_at"]
    assert made == datetime(2023, 10, 29, 0, 30, tzinfo=UTC)


def test_months_in_another_language_are_replaced():
    document = with_field(made_at={"column": "done", "format": "%m.%y", "replace": {"maj.": "05."}})
    made = read({"done": "maj.19"}, document).records[0]["made_at"]
    assert made == datetime(2019, 5, 1, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_wide_row_becomes_several_records_and_blank_measurements_none():
    document = {
        **{k: ORDER[k] for k in ("version", "source", "time_zone")},
        "mapping": "wide",
        "kind": "final_inspection",
        "fields": {"report": {"column": "no"}, "lot": {"column": "batch"}, "inspected_at": ORDER["fields"]["made_at"]},
        "each": [
            {
                "characteristic": {"value": "impurities"},
                "value": {"column": "imp", "unit": "%", "skip_blank": True},
                "result": {"column": "imp", "limits": {"fail_from": "0.29"}},
            },
            {"characteristic": {"value": "water"}, "value": {"column": "water", "skip_blank": True}},
        ],
    }
    both = read({"imp": "0.29", "water": "1.1"}, document).records
    assert [(r["characteristic"], r["value"], r["unit"], r["result"]) for r in both] == [
        ("impurities", Decimal("0.29"), "%", "fail"),
        ("water", Decimal("1.1"), None, None),
    ]
    (only,) = read({"imp": "0.28", "water": "#N/A"}, document).records
    assert only["result"] == "pass"


def test_a_value_outside_the_choices_is_refused_and_lists_them():
    document = {
        **{k: ORDER[k] for k in ("version", "source", "time_zone")},
        "mapping": "choices",
        "kind": "stock",
        "fields": {
            "lot": {"column": "batch"},
            "location": {"value": "W"},
            "quantity": {"column": "qty"},
            "status": {"column": "no", "values": {"OK": "released"}},
            "counted_at": ORDER["fields"]["made_at"],
        },
    }
    assert read({"no": "OK"}, document).records[0]["status"] == "released"
    error = refused({"no": "?"}, document)
    assert isinstance(error, errors.NotAChoice)
    assert error.choices == "released, quarantined, blocked"


def test_a_certificate_may_end_in_the_future_but_not_begin_there():
    document = {
        **{k: ORDER[k] for k in ("version", "source", "time_zone")},
        "mapping": "people",
        "kind": "qualification",
        "fields": {
            "operator": {"column": "no"},
            "operation": {"value": "welding"},
            "valid_from": {"column": "from"},
            "valid_to": {"column": "to"},
        },
    }
    assert read({"from": "2024-06-01", "to": "2030-01-01"}, document).records[0]["valid_to"] == date(2030, 1, 1)
    assert isinstance(refused({"from": "2024-06-02", "to": ""}, document), errors.InTheFuture)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(max_size=300)))
def test_any_text_gives_a_keepable_record_or_named_errors(changes):
    outcome = read(changes)
    assert bool(outcome.records) != bool(outcome.errors)
    for record in outcome.records:
        assert record["quantity"].is_finite()
        assert record["quantity"] >= 0
        assert record["made_at"] <= NOW
        assert record["made_at"].utcoffset() == timedelta(0)
        for value in record.values():
            assert not isinstance(value, str) or ("\x00" not in value and value.encode() and len(value) <= 200)
    for error in outcome.errors:
        assert error.text("zh").encode()
        assert error.text("en").encode()


@given(st.decimals(min_value=0, max_value=10**17, places=6), st.datetimes(datetime(1990, 1, 1), datetime(2024, 1, 1)))  # noqa: DTZ001 - wall time of an export
def test_values_survive_exactly(quantity, at):
    at = at.replace(second=0, microsecond=0)
    outcome = read({"qty": str(quantity), "done": at.isoformat(" ", "minutes")})
    if not outcome.errors:
        (record,) = outcome.records
        assert record["quantity"] == quantity
        assert record["made_at"].astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None, fold=0) == at
    else:
        assert [type(e) for e in outcome.errors] == [errors.NoSuchLocalTime]  # Shanghai had summer time until 1991


CELLS = st.sampled_from(
    ["", "NaN", "B-17", " B-17 ", "12", "12.50", "-1", "x" * 300, "2024-03-01 08:00", "2099-01-01 00:00"]
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(GOOD)), CELLS), max_size=20))
def test_what_is_remembered_of_earlier_rows_changes_no_later_one(changes):
    mapping = parse(ORDER)
    remembering = Interpreter(mapping, NOW)
    rows = [GOOD | change for change in changes]
    told = [remembering.row(row) for row in rows]
    anew = [interpret(mapping, row, NOW) for row in rows]
    assert [one.records for one in told] == [one.records for one in anew]
    assert [[str(e) for e in one.errors] for one in told] == [[str(e) for e in one.errors] for one in anew]


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), min_size=1))
def test_a_natural_key_is_written_as_json_has_always_been(values):
    names = [f"f{n}" for n in range(len(values))]
    mapping = replace(parse(ORDER), key=tuple(names))
    written = mapping.natural_key(dict(zip(names, values, strict=True)))
    assert written == json.dumps(values, ensure_ascii=False, separators=(",", ":"))
