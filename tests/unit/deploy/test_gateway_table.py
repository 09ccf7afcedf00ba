"""Which service a path goes to, by the services' own routes."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from deploy.commands.openapi import FILE
from deploy.embedded.system import unconnected
from deploy.gateway.table import OutsideBase, Table, TwoServices, paths_of, table_of
from deploy.settings import embedded_settings
from shared.contracts.catalogue import SERVICES
from tests.pages import ROOT

A_VALUE = "01934d2e-7a00-7000-8000-000000000001"


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    return list(unconnected(embedded_settings(tmp_path_factory.mktemp("routes"))).values())


def filled(template: str) -> str:
    return re.sub(r"\{[^}]*\}", A_VALUE, template)


def test_every_operation_of_the_document_reaches_the_service_that_serves_it(services):
    table = table_of(services)
    serving = {path: each.name for each in services for path in paths_of(each)}
    documented = json.loads((ROOT / FILE).read_text())["paths"]
    assert len(documented) > 90
    assert set(documented) == set(serving)
    assert {path: table.service_of(filled(path)) for path in documented} == serving
    assert set(serving.values()) == set(SERVICES)


def test_the_routes_are_known_where_no_event_loop_is_or_was(tmp_path):
    """As in a command's main thread after something there ran in a loop of its own."""
    asyncio.run(asyncio.sleep(0))
    assert set(unconnected(embedded_settings(tmp_path))) == set(SERVICES)


def test_no_prefix_is_there_that_need_not_be(services):
    table = table_of(services)
    paths = {filled(path): each.name for each in services for path in paths_of(each)}
    for prefix in table.prefixes:
        without = Table({p: s for p, s in table.prefixes.items() if p != prefix}, table._most)
        assert any(without.service_of(path) != service for path, service in paths.items()), prefix


def test_a_shared_collection_goes_by_the_longer_literal(services):
    table = table_of(services)
    assert table.service_of("/api/v1/responsibility") == "analytics"
    assert table.service_of("/api/v1/responsibility/hearings") == "investigation"
    assert table.service_of("/api/v1/responsibility-records") == "investigation"


@pytest.mark.parametrize(
    "path", ["/", "", "/api/v1", "/api/v1/", "/api/v1/complaintsx", "/complaints", "/docs", "/health/ready", "//api/v1"]
)
def test_what_no_service_serves_is_the_gateways_own(services, path):
    assert table_of(services).service_of(path) is None


def test_a_prefix_holds_for_all_below_it():
    table = Table.of({"a": ["/api/v1/x/{id}/one", "/api/v1/x"], "b": ["/api/v1/x/y/z/{id}", "/api/v1/x/y/z"]})
    assert dict(table.prefixes) == {"/api/v1/x": "a", "/api/v1/x/y": "b"}
    assert table.service_of("/api/v1/x/7/one") == "a"
    assert table.service_of("/api/v1/x/y/z/7/8/9") == "b"


def test_a_prefix_that_nobody_serves_itself_is_not_said():
    table = Table.of({"a": ["/api/v1/x/one"], "b": ["/api/v1/x/two"]})
    assert dict(table.prefixes) == {"/api/v1/x/one": "a", "/api/v1/x/two": "b"}
    assert table.service_of("/api/v1/x") is None


@pytest.mark.parametrize(
    "paths",
    [
        {"a": ["/api/v1/x/{id}/one"], "b": ["/api/v1/x/{id}/two"]},
        {"a": ["/api/v1/x"], "b": ["/api/v1/x"]},
    ],
)
def test_two_services_that_no_literal_tells_apart_are_refused(paths):
    with pytest.raises(TwoServices):
        Table.of(paths)


@pytest.mark.parametrize("path", ["/docs", "/api/v1", "/api/v1x/y", "/api/v1/{anything}"])
def test_a_route_where_the_gateways_pages_are_is_refused(path):
    with pytest.raises(OutsideBase):
        Table.of({"a": [path]})
