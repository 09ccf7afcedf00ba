"""`/`, `/docs` and `/openapi.json`: for a person who has just started the system."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from shared.adapters.http.call import call_of
from shared.adapters.http.edge_errors import NoSuchPath
from shared.adapters.http.login import COOKIE
from shared.adapters.http.page import page
from shared.adapters.http.policy import public

SCRIPT = "standalone.js"
"""Scalar's API reference, one file; `make setup` puts it into the web folder."""

_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_DOCS = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><title>Suyuan 溯源 API</title></head>
<body><div id="app"></div>
<script src="/docs/standalone.js"></script><script src="/docs/start.js"></script></body></html>
"""


def pages_router(openapi: Callable[[], dict[str, Any]], web: Path, *, has_login: bool) -> APIRouter:
    router = APIRouter(include_in_schema=False, dependencies=[public("pages and documents that hold nobody's data")])
    document: dict[str, bytes] = {}

    @router.get("/", operation_id="landing")
    async def landing(request: Request) -> Response:
        return _landing(call_of(request).language, has_login=has_login)

    @router.get("/openapi.json", operation_id="openapi")
    async def openapi_document() -> Response:
        if "json" not in document:
            document["json"] = json.dumps(openapi(), ensure_ascii=False).encode()
        return Response(document["json"], media_type="application/json")

    @router.get("/docs", operation_id="docs")
    async def docs(request: Request) -> Response:
        if not (web / SCRIPT).is_file():
            return _not_set_up(call_of(request).language)
        return HTMLResponse(_DOCS, headers={"Content-Security-Policy": _DOCS_POLICY})

    @router.get("/docs/standalone.js", operation_id="docsScript")
    async def script() -> Response:
        if not (web / SCRIPT).is_file():
            raise NoSuchPath
        return FileResponse(
            web / SCRIPT, media_type="text/javascript", headers={"Cache-Control": "private, max-age=86400"}
        )

    @router.get("/docs/start.js", operation_id="docsStart")
    async def start(request: Request) -> Response:
        return Response(_start(request.cookies.get(COOKIE, "")), media_type="text/javascript")

    return router


def _start(token: str) -> str:
    """Scalar with everything off that would call another host."""
    settings = {
        "url": "/openapi.json",
        "withDefaultFonts": False,
        "telemetry": False,
        "proxyUrl": "",
        "agent": {"disabled": True},
        "mcp": {"disabled": True},
        "showDeveloperTools": "never",
        "hideClientButton": True,
        "persistAuth": False,
        "authentication": {
            "preferredSecurityScheme": "bearer",
            "securitySchemes": {"bearer": {"token": token}},
        },
    }
    return f"Scalar.createApiReference('#app', {json.dumps(settings)})\n"


def _landing(language: str, *, has_login: bool) -> HTMLResponse:
    zh = language == "zh-CN"
    links = [
        ("/docs", "接口文档（可交互）", "Interactive documentation"),
        ("/dev/login", "开发登录：取得令牌", "Development login: get a token"),
        ("/openapi.json", "OpenAPI 文档", "OpenAPI document"),
        ("/health/ready", "运行状态", "Health"),
        ("/metrics", "指标", "Metrics"),
    ]
    shown = "".join(
        f'<li><a href="{to}">{in_zh if zh else in_en}</a></li>'
        for to, in_zh, in_en in links
        if has_login or to != "/dev/login"
    )
    about = (
        "从客户的第一句话，到验证有效的改进：每一步都是不可更改的事件。"
        if zh
        else "From a customer's first word to a verified improvement: every step an immutable event."
    )
    return page("首页" if zh else "Start", f"<h1>Suyuan 溯源</h1><p>{about}</p><ul>{shown}</ul>", language)


def _not_set_up(language: str) -> HTMLResponse:
    zh = language == "zh-CN"
    title = "缺少文档页文件" if zh else "The page's file is missing"
    text = (
        "请在项目目录运行 <code>make setup</code>，然后刷新。接口本身不受影响；OpenAPI 文档在 "
        if zh
        else "Run <code>make setup</code> in the project's folder, then reload. The API itself works; its document is "
    )
    body = f'<h1>{title}</h1><p>{text}<a href="/openapi.json">/openapi.json</a></p>'
    return page(title, body, language, status=503)
