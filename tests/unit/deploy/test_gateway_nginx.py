"""The nginx configuration says the table, in nginx's own order, and problems as the services say them."""

from __future__ import annotations

import json
import re

import pytest

from deploy.commands import nginx
from deploy.embedded.system import unconnected
from deploy.gateway.nginx import PAGES
from deploy.gateway.table import paths_of
from deploy.settings import embedded_settings
from shared.adapters.settings import Settings
from tests.pages import ROOT


@pytest.fixture(scope="module")
def text() -> str:
    return nginx.text()


def service_of(text: str, path: str) -> str:
    """As nginx's `map` finds it: the first expression that matches."""
    block = text.split("map $uri $service {")[1].split("}", maxsplit=1)[0]
    rules = re.findall(r"~(\S+) (\w+);", block)
    return next((service for pattern, service in rules if re.search(pattern, path)), PAGES)


def test_every_path_of_a_service_goes_to_it_and_everything_else_to_the_pages(text, tmp_path):
    serving = {path: each.name for each in unconnected(embedded_settings(tmp_path)).values() for path in paths_of(each)}
    assert len(serving) > 90
    assert {path: service_of(text, re.sub(r"\{[^}]*\}", "7", path)) for path in serving} == serving
    for path in ("/", "/docs", "/openapi.json", "/health/ready", "/api/v1/nothing", "/api/v1/capasx"):
        assert service_of(text, path) == PAGES


def test_the_committed_file_is_in_step(text):
    assert (ROOT / nginx.FILE).read_text(encoding="utf-8") == text


def test_nginx_bounds_a_body_as_the_services_do_and_holds_none_back(text):
    assert f"client_max_body_size {Settings.model_fields['max_upload_bytes'].default};" in text
    assert {"proxy_request_buffering off;", "proxy_buffering off;", "server_tokens off;"} <= set(
        map(str.strip, text.splitlines())
    )


def test_the_problems_of_nginx_are_problems_in_both_languages(text):
    bodies = [json.loads(body) for body in re.findall(r"^ +(?:zh-CN|en) '(.*)';$", text, re.MULTILINE)]
    assert [(body["type"].rpartition(":")[2], body["status"]) for body in bodies] == [
        ("body-too-large", 413),
        ("body-too-large", 413),
        ("service-silent", 503),
        ("service-silent", 503),
    ]
    assert [body["title"] for body in bodies] == ["内容过大", "Too large", "暂时不可用", "Unavailable just now"]
