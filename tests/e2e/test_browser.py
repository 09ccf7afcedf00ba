"""What a person sees in a browser: the login, the API page with a request sent from it, the printable report."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from deploy.embedded.child import Child
from shared.kernel.ids import new_id

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # as in deploy/setup/browser.sh
LIST_OF_CAPAS = re.compile("CAPA 列表")
"""Its place in the page's list of operations: each is rendered once somebody goes there."""
LONG = "LOT-" + "0123456789" * 19
"""One word as long as a lot number may be: nothing in it says where to break it."""
A4, A4_BETWEEN_MARGINS = 794, 680
"""CSS pixels: 210 mm, and less 15 mm on both sides."""


def _chromium(own: str) -> str:
    """A Chromium that runs; without one the test is skipped with a line, and fails in CI."""
    for found in (*filter(None, map(shutil.which, NAMES)), own):
        if (
            Path(found).is_file()
            and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0
        ):
            return found
    without = "no Chromium: run `make browser`"
    if os.environ.get("CI") == "true":
        pytest.fail(without)
    pytest.skip(without)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = _chromium(playwright.chromium.executable_path)
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=path, args=as_root)
        yield started
        started.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Child]:
    made = Child(tmp_path_factory.mktemp("browser") / "data").start()
    yield made
    assert made.stop() == 0


@dataclass
class Watched:
    """A page of somebody who reads `language`, and whatever it did that it should not have."""

    page: Page
    language: str
    wrong: list[str] = field(default_factory=list)

    def watch(self, url: str) -> None:
        home = urlsplit(url).netloc
        self.page.on(
            "console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("requestfailed", lambda sent: self.wrong.append(f"failed: {sent.url}"))
        self.page.on("request", lambda sent: self._asked(sent.url, home))

    def _asked(self, url: str, home: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != home:
            self.wrong.append(f"another host: {url}")


@pytest.fixture(params=["zh-CN", "en"])
def watched(browser, server, request) -> Iterator[Watched]:
    context = browser.new_context(locale=request.param, viewport={"width": 1400, "height": 900})
    seen = Watched(context.new_page(), request.param)
    seen.watch(server.url)
    yield seen
    context.close()


def test_a_person_logs_in_and_a_request_sent_from_the_api_page_is_answered(server, watched):
    page = watched.page
    page.goto(f"{server.url}/")
    page.locator("a[href='/dev/login']").click()
    page.locator("input[value=quality_engineer]").check()
    page.get_by_role("button").click()
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", page.locator("textarea").input_value())
    page.locator("a[href='/docs']").click()
    page.get_by_role("button", name="Open Group - CAPA").click()
    page.get_by_role("link", name=LIST_OF_CAPAS).first.click()
    page.get_by_role("button", name="Test Request (get /api/v1/capas)", exact=True).click()
    with page.expect_response(lambda answer: urlsplit(answer.url).path == "/api/v1/capas") as told:
        page.get_by_role("dialog").get_by_role("button", name="Send get request").click()
    assert told.value.status == 200
    assert told.value.json() == {"items": [], "next": None}
    expect(page.get_by_role("dialog")).to_contain_text("200 OK")
    assert watched.wrong == []


def test_without_a_login_the_api_page_opens_as_quietly(server, watched):
    watched.page.goto(f"{server.url}/docs")
    expect(watched.page.get_by_role("link", name="CAPA", exact=True).first).to_be_visible()
    assert watched.wrong == []


@pytest.fixture(scope="module")
def investigation(server) -> str:
    """A case whose every name is one long word."""
    client = server.client("admin")

    def made(path: str, body: object) -> dict:
        answer = client.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": str(new_id())})
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()

    items = [{"product": LONG, "lot": LONG, "quantity_affected": "2", "defect_codes": ["D" * 64]}]
    form = {"channel": "phone", "customer": {"name": "客户"}, "description": "漏气", "items": items}
    complaint = f"/complaints/{made('/complaints', form)['id']}"
    case = made("/investigations", {})["id"]
    made(f"{complaint}/acknowledge", None)
    made(f"{complaint}/triage", {})
    made(f"{complaint}/hand-over", {"investigation_id": case})
    made(f"/investigations/{case}/problem", {"statement": f"{LONG}：漏气"})
    made(f"/investigations/{case}/whys", {"leg": "occurrence", "question": f"为何 {LONG}"})
    cause = {"statement": LONG, "category": "material", "leg": "occurrence", "node": "incoming_inspection"}
    made(f"/investigations/{case}/causes", cause)
    return f"/api/v1/investigations/{case}"


@pytest.mark.parametrize("width", [A4, A4_BETWEEN_MARGINS])
def test_the_printable_report_fits_its_page_in_both_languages(server, watched, investigation, width):
    body = {"stage": "preliminary", "edition": "internal", "language": watched.language}
    client = server.client("admin")
    issued = client.post(f"{investigation}/reports", json=body, headers={"Idempotency-Key": str(new_id())})
    assert issued.status_code == 201, issued.text
    page = watched.page
    page.set_extra_http_headers({"Authorization": client.headers["Authorization"]})
    page.set_viewport_size({"width": width, "height": 1123})
    page.emulate_media(media="print" if width == A4_BETWEEN_MARGINS else "screen")
    page.goto(f"{server.url}{investigation}/report.html")
    title = {"zh-CN": "质量问题追溯报告", "en": "Quality traceability report"}[watched.language]
    assert page.locator("html").get_attribute("lang") == watched.language
    expect(page.locator("h1")).to_have_text(title)
    assert page.get_by_text(LONG).count() > 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.wrong == []
