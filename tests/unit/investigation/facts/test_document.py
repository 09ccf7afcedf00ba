"""A mapping document is data: every problem in it is reported at once, by its path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo.exports import MAPPINGS, mapping_document
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.errors import MappingInvalid
from services.investigation.domain.facts.kinds import KINDS, NODES

DOCUMENT = {
    "mapping": "m",
    "version": 1,
    "kind": "genealogy",
    "source": "MES-1",
    "time_zone": "Asia/Shanghai",
    "fields": {"input_lot": {"column": "a"}, "output_lot": {"column": "b"}, "at": {"column": "t"}},
}


def paths(document):
    with pytest.raises(MappingInvalid) as caught:
        parse(document)
    assert caught.value.text("zh").startswith("映射文件无效：")
    return [problem.path for problem in caught.value.problems]


def with_field(name, spec):
    return DOCUMENT | {"fields": DOCUMENT["fields"] | {name: spec}}


def test_a_small_mapping_takes_the_kinds_own_key_and_system():
    mapping = parse(DOCUMENT)
    assert mapping.key == ("input_lot", "output_lot", "at")
    assert mapping.system == "MES"
    assert mapping.columns == {"a", "b", "t"}


def test_a_mapping_need_not_name_its_version_for_publishing_numbers_it():
    assert parse({name: value for name, value in DOCUMENT.items() if name != "version"}).version == 1


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (DOCUMENT | {"vresion": 1}, "vresion"),
        (DOCUMENT | {"version": 0}, "version"),
        (DOCUMENT | {"version": True}, "version"),
        (DOCUMENT | {"mapping": "Ä"}, "mapping"),
        (DOCUMENT | {"source": ""}, "source"),
        (DOCUMENT | {"system": "LIMS"}, "system"),
        (DOCUMENT | {"delimiter": ";;"}, "delimiter"),
        (DOCUMENT | {"encoding": "latin-1"}, "encoding"),
        (DOCUMENT | {"time_zone": "Mars/Base"}, "time_zone"),
        (DOCUMENT | {"time_zone": "../../etc"}, "time_zone"),
        (DOCUMENT | {"key": ["node"]}, "key"),
        (DOCUMENT | {"key": []}, "key"),
        (DOCUMENT | {"each": []}, "each"),
        (with_field("colour", {"column": "c"}), "fields.colour"),
        (with_field("order", "c"), "fields.order"),
        (with_field("order", {"column": "c", "value": "d"}), "fields.order"),
        (with_field("order", {}), "fields.order"),
        (with_field("order", {"column": 3}), "fields.order.column"),
        (with_field("order", {"column": "c", "colunm": "d"}), "fields.order.colunm"),
        (with_field("order", {"column": "c", "unit": "kg"}), "fields.order.unit"),
        (with_field("order", {"column": "c", "format": "%Y"}), "fields.order.format"),
        (with_field("order", {"template": "no place"}), "fields.order.template"),
        (with_field("order", {"template": "{a.b}}"}), "fields.order.template"),
        (with_field("at", {"column": "t", "format": "%b.%y"}), "fields.at.format"),
        (with_field("quantity", {"column": "q", "type": "text"}), "fields.quantity.type"),
        (with_field("node", {"value": "kitchen"}), "fields.node"),
        (with_field("node", {"column": "n", "values": {"K": "kitchen"}}), "fields.node"),
        (with_field("node", {"column": "n", "limits": {"fail_from": "1"}}), "fields.node.limits"),
    ],
)
def test_a_problem_is_named_by_its_path(document, path):
    assert path in paths(document)


def test_a_required_field_must_be_mapped():
    assert paths(DOCUMENT | {"fields": {"input_lot": {"column": "a"}}}) == ["fields.output_lot", "fields.at"]


def test_all_problems_come_at_once():
    assert paths(DOCUMENT | {"version": -1, "delimiter": "", "x": 1}) == ["x", "version", "delimiter"]


def test_limits_need_a_number_that_is_one():
    document = DOCUMENT | {
        "kind": "final_inspection",
        "fields": {"result": {"column": "v", "limits": {"fail_from": "NaN", "over": "1"}}},
    }
    assert {"fields.result.limits.fail_from", "fields.result.limits.over"} <= set(paths(document))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["mapping", "kind", "fields", "each", "key", "lot", "column", "values", "x"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_document_breaks_the_parser(document):
    with pytest.raises(MappingInvalid):
        parse(document)


@pytest.mark.parametrize("name", sorted(path.stem for path in MAPPINGS.glob("*.json")))
def test_the_demos_mappings_are_valid_and_named_as_their_file(name):
    assert parse(mapping_document(name)).mapping == name


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_names_only_fields_it_has(kind):
    named = {*kind.key, kind.occurred, kind.lot, kind.product, kind.node_field} - {None}
    assert named <= set(kind.by_name)
    assert kind.by_name[kind.occurred].required
    assert kind.node is None or kind.node in NODES


def test_a_record_names_its_node_or_takes_its_kinds():
    assert KINDS["genealogy"].node_of({"node": None}) == "material_issue"
    assert KINDS["genealogy"].node_of({"node": "production"}) == "production"
