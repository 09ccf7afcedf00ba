"""`/dev/login`: a token for the interactive page, by choosing who to be. Embedded mode, from this machine only."""

from __future__ import annotations

import ipaddress
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from shared.adapters.http.call import call_of
from shared.adapters.http.edge_errors import NoSuchPath
from shared.adapters.http.issuer import DEFAULT_SECONDS, DEFAULT_TENANT, LocalIssuer
from shared.adapters.http.page import page
from shared.adapters.http.policy import ROLE_NAMES, ROLES, public

COOKIE = "suyuan_dev_token"
_FORM: dict[str, Any] = {"requestBody": {"content": {"application/x-www-form-urlencoded": {}}}}


def login_router(issuer: LocalIssuer) -> APIRouter:
    router = APIRouter(
        include_in_schema=False, dependencies=[public("gives out the tokens of embedded mode, on this machine only")]
    )

    @router.get("/dev/login", operation_id="devLoginPage")
    async def login_page(request: Request) -> Response:
        _only_from_this_machine(request)
        return _form(call_of(request).language)

    @router.post("/dev/login", operation_id="devLogin", openapi_extra=_FORM)
    async def login(request: Request) -> Response:
        _only_from_this_machine(request)
        sent = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=20)
        language = call_of(request).language
        try:
            token = issuer.token(
                sent.get("role", []),
                tenant=sent.get("tenant", [DEFAULT_TENANT])[0],
                subject=sent.get("subject", [""])[0] or None,
                parties=sent.get("parties", [""])[0].split(),
            )
        except ValueError as error:
            return _form(language, str(error))
        return _given(token, language)

    return router


def _only_from_this_machine(request: Request) -> None:
    """The caller's address, the name it calls us by (against DNS rebinding) and the page it comes from. Else 404."""
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    own = origin is None or urlsplit(origin).netloc == host
    if not (own and request.client and _loopback(request.client.host) and _loopback(urlsplit(f"//{host}").hostname)):
        raise NoSuchPath


def _loopback(name: str | None) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        return False


def _form(language: str, problem: str = "") -> HTMLResponse:
    zh = language == "zh-CN"
    roles = "".join(
        f'<label><input type="checkbox" name="role" value="{role}"{" checked" if role == "admin" else ""}> '
        f"{ROLE_NAMES[role][0 if zh else 1]} <code>{role}</code></label>"
        for role in ROLES
    )
    tenant, subject, parties, enter = (
        ("租户", "主体（可空）", "所代表的责任方（可空，如 supplier:S-001）", "取得令牌")
        if zh
        else ("Tenant", "Subject (optional)", "Parties you speak for (optional, such as supplier:S-001)", "Get a token")
    )
    title = "开发登录" if zh else "Development login"
    complaint = f'<p class="wrong">{escape(problem)}</p>' if problem else ""
    body = f"""<h1>{title}</h1>{complaint}<form method="post" action="/dev/login">
<fieldset>{roles}</fieldset>
<label>{tenant} <input name="tenant" value="{DEFAULT_TENANT}" maxlength="63" required></label>
<label>{subject} <input name="subject" maxlength="200"></label>
<label>{parties} <input name="parties" maxlength="400"></label>
<button>{enter}</button></form>"""
    return page(title, body, language, status=422 if problem else 200)


def _given(token: str, language: str) -> HTMLResponse:
    zh = language == "zh-CN"
    title = "令牌" if zh else "Your token"
    use = (
        "接口文档页已可直接使用它。命令行："
        if zh
        else "The documentation page uses it from now on. On the command line:"
    )
    docs = "打开接口文档" if zh else "Open the documentation"
    body = f"""<h1>{title}</h1><p>{use}</p><textarea readonly rows="8" cols="80">{token}</textarea>
<pre>curl -H "Authorization: Bearer $TOKEN" …</pre><p><a href="/docs">{docs}</a></p>"""
    answer = page(title, body, language)
    answer.set_cookie(COOKIE, token, max_age=DEFAULT_SECONDS, path="/docs", httponly=True, samesite="strict")
    return answer
